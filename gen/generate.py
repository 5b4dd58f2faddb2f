"""Regenerates everything under gen/ from proto/.

    python gen/generate.py             write (`make gen`)
    python gen/generate.py --check     fail if what is committed differs (part of `make check`)
    python gen/generate.py --breaking  compare the protos with the last release tag (`make breaking`)

All plug-ins are local: protoc comes with grpcio-tools, the type stubs with mypy-protobuf, the descriptor set with buf.
"""

import filecmp
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from importlib.resources import files
from pathlib import Path

GEN = Path(__file__).resolve().parent
ROOT = GEN.parent
PROTO = ROOT / "proto"
SCRIPTS = Path(sysconfig.get_path("scripts"))
BUF = str(SCRIPTS / "buf")


def main(arguments: list[str]) -> int:
    """Returns the exit code."""
    if arguments == ["--check"]:
        return check()
    if arguments == ["--breaking"]:
        return breaking()
    generate(GEN)
    return 0


def generate(out: Path) -> None:
    """Writes python/, descriptors.binpb and openapi/ below `out`."""
    generate_python(out / "python")
    run([BUF, "build", "--as-file-descriptor-set", "-o", str(out / "descriptors.binpb")])
    generate_openapi(out)


def generate_openapi(out: Path) -> None:
    """The OpenAPI document, from the descriptors just written. In a process of its own, which reads the new stubs."""
    (out / "openapi").mkdir(exist_ok=True)
    paths = os.pathsep.join((str(ROOT), str(out / "python")))
    run(
        [sys.executable, "-c", WRITE_OPENAPI, str(out / "descriptors.binpb"), str(out / "openapi" / "kith.json")],
        PYTHONPATH=paths,
    )


WRITE_OPENAPI = """
import json, pathlib, sys
from gateway.descriptors import Contract
from gateway.openapi import document
made = document(Contract(pathlib.Path(sys.argv[1]).read_bytes()))
pathlib.Path(sys.argv[2]).write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\\n")
"""


def generate_python(out: Path) -> None:
    """Messages, gRPC stubs and their types for our own packages and for the vendored constraints."""
    for package in ("kith", "buf"):
        shutil.rmtree(out / package, ignore_errors=True)
    out.mkdir(parents=True, exist_ok=True)
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


def check() -> int:
    """1 and a list of files where the committed output is not what the protos give."""
    with tempfile.TemporaryDirectory() as scratch:
        fresh = Path(scratch)
        generate(fresh)
        wrong = sorted(
            {str(p.relative_to(GEN)) for p in generated(GEN)} ^ {str(p.relative_to(fresh)) for p in generated(fresh)}
        )
        wrong += [
            str(p.relative_to(fresh))
            for p in generated(fresh)
            if (GEN / p.relative_to(fresh)).exists() and not filecmp.cmp(p, GEN / p.relative_to(fresh), shallow=False)
        ]
    for path in wrong:
        sys.stderr.write(f"gen/{path} is not what proto/ gives; run `make gen`\n")
    return 1 if wrong else 0


def generated(root: Path) -> list[Path]:
    """The generated files below `root`."""
    found = [p for p in (root / "python").rglob("*") if p.suffix in (".py", ".pyi") and "__pycache__" not in p.parts]
    return [*found, root / "descriptors.binpb", root / "openapi" / "kith.json"]


def breaking() -> int:
    """Compares with the last release tag; without one there is nothing to break yet."""
    tag = subprocess.run(
        ["git", "describe", "--tags", "--abbrev=0", "--match", "v*"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    if not tag:
        sys.stdout.write("no release tag yet: nothing to compare with\n")
        return 0
    return subprocess.run([BUF, "breaking", "--against", f".git#tag={tag}"], cwd=ROOT, check=False).returncode


def run(command: list[str], **environment: str) -> None:
    """Runs one tool in the root of the repository."""
    subprocess.run(command, cwd=ROOT, check=True, env={**os.environ, **environment})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
