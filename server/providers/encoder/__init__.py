"""The optional sentence encoder of ranking: MiniLM, run by onnxruntime, both of which come with `kith[encoder]`."""
