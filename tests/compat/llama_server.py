"""llama.cpp's own server with a model of random weights: the port is printed, and it ends with standard input."""

import sys
import tempfile
from pathlib import Path

import xllamacpp

import tiny_model

with tempfile.TemporaryDirectory() as directory:
    model = Path(directory) / "tiny.gguf"
    tiny_model.write(model)
    asked = xllamacpp.CommonParams()
    asked.model.path = str(model)
    asked.hostnames = ["127.0.0.1"]
    asked.port = int(sys.argv[1])
    asked.n_ctx = 4096
    asked.n_parallel = 2
    asked.cpuparams.n_threads = 1
    server = xllamacpp.Server(asked)
    print("listening at", server.listening_address, flush=True)
    sys.stdin.read()
