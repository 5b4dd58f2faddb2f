"""Regenerates everything under gen/ from proto/. Run it as `make gen`; CI fails if that changes a committed file.

All plug-ins are local: protoc comes with grpcio-tools, the type stubs with mypy-protobuf, the descriptor set with buf.
"""

import shutil
import subprocess
import sys
import sysconfig
from importlib.resources import files
from pathlib import Path

GEN = Path(__file__).resolve().parent
ROOT = GEN.parent
PROTO = ROOT / "proto"
SCRIPTS = Path(sysconfig.get_path("scripts"))


def main() -> None:
    """Writes gen/python and gen/descriptors.binpb; exits non-zero where a tool fails."""
    generate_python(GEN / "python")
    run([str(SCRIPTS / "buf"), "build", "--as-file-descriptor-set", "-o", str(GEN / "descriptors.binpb")])


def generate_python(out: Path) -> None:
    """Messages, gRPC stubs and their types for our own packages and for the vendored constraints."""
    for package in ("kith", "buf"):
        shutil.rmtree(out / package, ignore_errors=True)
    ours = sorted(str(p.relative_to(PROTO)) for p in (PROTO / "kith").rglob("*.proto"))
    services = [p for p in ours if p.endswith("_service.proto")]
    common = [
        sys.executable, "-m", "grpc_tools.protoc", f"--proto_path={PROTO}",
        f"--proto_path={files('grpc_tools').joinpath('_proto')}",
        f"--plugin=protoc-gen-mypy={SCRIPTS / 'protoc-gen-mypy'}",
        f"--plugin=protoc-gen-mypy_grpc={SCRIPTS / 'protoc-gen-mypy_grpc'}",
    ]  # fmt: skip
    run([*common, f"--python_out={out}", f"--mypy_out=quiet:{out}", *ours, "buf/validate/validate.proto"])
    run([*common, f"--grpc_python_out={out}", f"--mypy_grpc_out=quiet:{out}", *services])


def run(command: list[str]) -> None:
    """Runs one tool in the root of the repository."""
    subprocess.run(command, cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
