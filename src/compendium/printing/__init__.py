"""The report on paper and for other programs: one document, made into PDF, Word and JATS."""
