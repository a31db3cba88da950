"""The report as a web page, and the stand-alone pages of figures."""
