"""Hold the compiled loops: flat functions over arrays, with their signatures written out."""
