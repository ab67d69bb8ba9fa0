"""The size of the shared library that a program needs, without symbols for debuggers."""
import os
import re
import shutil
import tempfile

import programs

# The name of each library's file. Of libevent the core does the work.
FILES = {"libuv": "libuv.so", "libev": "libev.so", "libevent": "libevent_core"}


def path_of(name, program, own_library):
    """Where the library of a contestant is: as CMake said, or as the program finds it."""
    if name == "mio":
        if ".so" not in os.path.basename(own_library):
            raise programs.Failure("the library is not shared")
        return own_library
    for line in programs.call(["ldd", program], 10).split("\n"):
        found = re.match(r"\s*(\S+) => (\S+)", line)
        if found and found.group(1).startswith(FILES[name]):
            return found.group(2)
    raise programs.Failure("the program is not linked with %s" % FILES[name])


def missing():
    """Why sizes cannot be told; None when they can."""
    for tool in ("strip", "ldd"):
        if not shutil.which(tool):
            return "%s is not installed" % tool
    return None


def stripped_size(name, program, own_library):
    """Bytes of a copy after strip: what a package would hold."""
    with tempfile.TemporaryDirectory(prefix="mio-bench-") as folder:
        copy = os.path.join(folder, "library")
        shutil.copyfile(path_of(name, program, own_library), copy)
        programs.call(["strip", "--strip-unneeded", copy], 10)
        return {"library": os.path.getsize(copy)}
