"""bad_ports.py EXAMPLE...: each names the argument that is no port, and says what is one."""
import os
import subprocess
import sys

from peer import Program, check

# The arguments of an example before and after the port.
BEFORE = {"embed": "127.0.0.1:"}
AFTER = {"proxy": ["127.0.0.1:1"], "tls_server": ["cert.pem", "key.pem"]}

for path in sys.argv[1:]:
    name = os.path.basename(path)
    for port in ("x", "65536", "-1", "80x", " 80", "080", "99999999999999999999", "", "0" * 600):
        with Program(path, BEFORE.get(name, "") + port, *AFTER.get(name, []),
                     stderr=subprocess.PIPE) as program:
            status = program.wait()
            said = program.process.stderr.read().decode()
            check(status == 1 and program.rest() == [], "%s takes %r for a port" % (name, port))
            valid = "from 0 (the system chooses) to 65535" in said or "address like" in said
            named = '"%s%s"' % (BEFORE.get(name, ""), port) in said
            check(valid and named and said.count("\n") == 1 and said.startswith(name + ": "),
                  "%s says of %r: %s" % (name, port, said))
