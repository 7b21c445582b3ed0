"""Write files and folders whole or not at all, and restore what a kill left."""

from daliz.writing.files import csv_text, write_file, write_new_file
from daliz.writing.folders import FolderKind, check_folder, recover, working_folder, write_folder
from daliz.writing.output import StandardOutput

__all__ = [
    "FolderKind",
    "StandardOutput",
    "check_folder",
    "csv_text",
    "recover",
    "working_folder",
    "write_file",
    "write_folder",
    "write_new_file",
]
