//! Serves the OpenAPI description of Souk and a page to read it.
