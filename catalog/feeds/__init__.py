"""Feed readers: one module a format, each a stream of products and rejections."""
