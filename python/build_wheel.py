"""Builds the wheel: what pip calls (PEP 517), by cmake alone, so that it needs no network and no other package.

    pip wheel ./python
"""
import base64
import hashlib
import os
import pathlib
import subprocess
import sys
import sysconfig
import tempfile
import tomllib
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parent


def _project():
    return tomllib.loads((HERE / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def _install(folder):
    """Builds the module with the library inside, and puts the package into `folder`."""
    build = folder / "build"
    options = ["-DCMAKE_BUILD_TYPE=Release", "-DRESTITCH_PYTHON=ON", "-DRESTITCH_TESTS=OFF", "-DBUILD_SHARED_LIBS=OFF",
               "-DRESTITCH_PYTHON_DIR=package", f"-DPython3_EXECUTABLE={sys.executable}",
               *os.environ.get("RESTITCH_CMAKE_ARGS", "").split()]
    subprocess.run(["cmake", "-S", SOURCE, "-B", build, "-G", "Ninja", *options], check=True)
    subprocess.run(["cmake", "--build", build, "--target", "restitch_python"], check=True)
    installed = folder / "installed"
    subprocess.run(["cmake", "--install", build, "--component", "python", "--strip", "--prefix", installed], check=True)
    return installed / "package"


def _add(wheel, record, name, data):
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    record.append(f"{name},sha256={digest},{len(data)}")
    entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    entry.external_attr = 0o644 << 16
    wheel.writestr(entry, data, zipfile.ZIP_DEFLATED)


def _info():
    """The folder of the metadata, and its texts."""
    project = _project()
    tag = f"cp311-abi3-{sysconfig.get_platform().replace('-', '_').replace('.', '_')}"
    metadata = (f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
                f"Summary: {project['description']}\nRequires-Python: {project['requires-python']}\n"
                f"License: {project['license']['text']}\n")
    kind = f"Wheel-Version: 1.0\nGenerator: restitch\nRoot-Is-Purelib: false\nTag: {tag}\n"
    stem = f"{project['name']}-{project['version']}"
    return f"{stem}.dist-info", {"METADATA": metadata, "WHEEL": kind}, f"{stem}-{tag}.whl"


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    info, texts, _ = _info()
    folder = pathlib.Path(metadata_directory) / info
    folder.mkdir()
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return info


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    info, texts, file = _info()
    path = pathlib.Path(wheel_directory) / file
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(path, "w") as wheel:
        package = _install(pathlib.Path(folder))
        record = []
        for part in sorted(package.rglob("*")):
            if part.is_file():
                _add(wheel, record, str(part.relative_to(package)), part.read_bytes())
        for name, text in texts.items():
            _add(wheel, record, f"{info}/{name}", text.encode())
        _add(wheel, record, f"{info}/licenses/LICENSE", (SOURCE / "LICENSE").read_bytes())
        wheel.writestr(f"{info}/RECORD", "\n".join([*record, f"{info}/RECORD,,", ""]))
    return file


def get_requires_for_build_wheel(config_settings=None):
    return []


def build_sdist(sdist_directory, config_settings=None):
    raise NotImplementedError("the source of the wheel is the whole repository")
