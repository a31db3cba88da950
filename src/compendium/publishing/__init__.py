"""From a result to what people read: tables, figures, the manifest and the report in each of its forms."""
