"""Pictures with captions as files, in formats that others read and write: data sets, prompts, folders; no torch."""
