//! RunRecord to terminal text, HTML, Markdown and machine formats.
