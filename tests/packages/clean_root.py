"""A Debian of its own, as debootstrap makes it, to install packages in: nothing of this machine is in it."""
import os
import shutil
import subprocess
import sys
import tarfile
import time
from pathlib import Path

AGE_MAX_S = 86_400


class NotPermitted(Exception):
    """This machine lets nobody make such a root; the text says what is missing."""


def run(*command, **options):
    return subprocess.run([str(part) for part in command], check=True, **options)


def mounts_below(folder):
    """What is mounted there, the innermost first: debootstrap mounts /proc, and whoever ends it leaves that so."""
    lines = Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()
    return sorted((line.split()[4] for line in lines if line.split()[4].startswith(f"{folder}/")), reverse=True)


def remove(folder):
    """Takes a root away, and nothing of this machine with it."""
    folder = Path(folder).resolve()
    for mount in mounts_below(folder):
        run("umount", mount)
    if not mounts_below(folder):
        shutil.rmtree(folder, ignore_errors=True)


def mirror():
    """(address, suite) of the Debian that apt knows here."""
    asked = subprocess.run(["apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME) $(SUITE) $(ORIGIN)",
                            "Created-By: Packages"], capture_output=True, text=True, check=True)
    release = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
                   if "=" in line)
    suite = release.get("VERSION_CODENAME", "").strip('"')
    for line in asked.stdout.splitlines():
        address, codename, *_rest, origin = line.split()
        if codename == suite and origin == "Debian":
            return address, suite
    raise NotPermitted("apt has no Debian mirror (apt-get update?)")


def base_archive(cache):
    """A tar archive of a fresh minbase, made anew once a day."""
    address, suite = mirror()
    archive = Path(cache) / f"{suite}-{os.uname().machine}.tar"
    if archive.exists() and time.time() - archive.stat().st_mtime < AGE_MAX_S:
        return archive
    folder = Path(cache) / f"making-{os.getpid()}"
    remove(folder)
    folder.mkdir(parents=True)
    made = subprocess.run(["debootstrap", "--variant=minbase", suite, folder, address], capture_output=True, text=True,
                          check=False)
    if made.returncode != 0:
        remove(folder)
        raise NotPermitted("debootstrap: " + (made.stderr or made.stdout).strip().splitlines()[-1])
    (folder / "etc/apt/sources.list").write_text(f"deb {address} {suite} main\n", encoding="utf-8")
    (folder / "etc/dpkg/dpkg.cfg.d/quick").write_text("force-unsafe-io\n", encoding="utf-8")
    (folder / "etc/apt/apt.conf.d/quick").write_text('Acquire::Languages "none";\n', encoding="utf-8")
    shutil.copy("/etc/resolv.conf", folder / "etc/resolv.conf")
    run("chroot", folder, "apt-get", "update", "-q", stdout=subprocess.DEVNULL)
    partial = archive.with_suffix(f".{os.getpid()}")
    with tarfile.open(partial, "w") as tar:
        tar.add(folder, ".")
    partial.rename(archive)
    remove(folder)
    return archive


class CleanRoot:
    """One root for one package; `with` takes it away."""

    def __init__(self, archive, packages):
        self.archive = archive
        self.packages = Path(packages)
        self.folder = Path(archive).parent / f"root-{os.getpid()}"
        self.downloads = Path(archive).parent / "downloads"

    @staticmethod
    def share(source, target):
        """Debian's own packages, which are downloaded once."""
        target.mkdir(parents=True, exist_ok=True)
        for package in source.glob("*.deb"):
            if not (target / package.name).exists():
                os.link(package, target / package.name)

    def __enter__(self):
        remove(self.folder)
        self.folder.mkdir(parents=True)
        run("tar", "--extract", "--file", self.archive, "--directory", self.folder)
        repository = self.folder / "packages"
        shutil.copytree(self.packages, repository, ignore=lambda _, names: [n for n in names if not n.endswith(".deb")])
        with open(repository / "Packages", "wb") as index:
            run("dpkg-scanpackages", "--multiversion", ".", cwd=repository, stdout=index, stderr=subprocess.DEVNULL)
        (self.folder / "etc/apt/sources.list.d/packages.list").write_text("deb [trusted=yes] file:/packages ./\n",
                                                                            encoding="utf-8")
        (self.folder / "usr/sbin/policy-rc.d").write_text("#!/bin/sh\nexit 101\n", encoding="utf-8")
        (self.folder / "usr/sbin/policy-rc.d").chmod(0o755)
        self.share(self.downloads, self.folder / "var/cache/apt/archives")
        self.inside("apt-get", "update", "-q", "-o", "Dir::Etc::SourceList=/etc/apt/sources.list.d/packages.list", "-o",
                    "Dir::Etc::SourceParts=/nowhere", "-o", "APT::Get::List-Cleanup=0", quiet=True)
        return self

    def __exit__(self, *_):
        self.share(self.folder / "var/cache/apt/archives", self.downloads)
        remove(self.folder)

    def inside(self, *command, quiet=False, env=None):
        """Runs a command in there; its standard output."""
        done = subprocess.run(["chroot", self.folder, *[str(part) for part in command]], capture_output=True, text=True,
                              check=False, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8",
                                                "DEBIAN_FRONTEND": "noninteractive", **(env or {})})
        if done.returncode != 0:
            sys.exit(f"{' '.join(map(str, command))}: status {done.returncode}\n{done.stdout}{done.stderr}")
        if not quiet:
            print("  " + " ".join(map(str, command)))
        return done.stdout

    def install(self, *packages):
        self.inside("apt-get", "install", "-q", "-y", "--no-install-recommends", *packages)

    def put(self, path, name):
        shutil.copy(path, self.folder / name)
