"""Official papers: one list written as DOCX, PDF and XLSX, with the measures of GB/T 9704-2012."""
