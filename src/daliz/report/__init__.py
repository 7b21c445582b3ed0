"""Draw charts and maps, and write the brief."""

from daliz.report.brief import brief
from daliz.report.charts import comparison_chart, grade_chart, time_cost_distance
from daliz.report.maps import map_chart
from daliz.report.save import save_chart

__all__ = ["brief", "comparison_chart", "grade_chart", "map_chart", "save_chart", "time_cost_distance"]
