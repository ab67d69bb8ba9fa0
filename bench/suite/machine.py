"""The machine: what the report says about it, and where the programs of a run are put."""
import datetime
import os
import platform
import resource


def read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def cpu_fields(cpuinfo):
    """The fields of the first processor in /proc/cpuinfo."""
    lines = (line.split(":", 1) for line in cpuinfo.split("\n\n")[0].split("\n") if ":" in line)
    return {name.strip(): value.strip() for name, value in lines}


def describe():
    fields = cpu_fields(read("/proc/cpuinfo"))
    return {
        "cpu": fields.get("model name", platform.machine()),
        "cpus": len(os.sched_getaffinity(0)),
        "virtualised": "hypervisor" in fields.get("flags", "").split(),
        "kernel": "%s %s" % (platform.system(), platform.release()),
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d"),
        "load_average": os.getloadavg()[0],
        "descriptors": resource.getrlimit(resource.RLIMIT_NOFILE)[1],
    }


def siblings(cpu):
    """The processors that share a core with this one, itself included."""
    text = read("/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list" % cpu).strip()
    found = {cpu}
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        found.update(range(int(first), int(last or first) + 1))
    return found


def choose_cpus(available, siblings_of=siblings):
    """One processor for the loop and one for its peer, on two cores if there are; else no one."""
    available = sorted(available)
    if len(available) < 2:
        return None, None
    others = [cpu for cpu in available[1:] if cpu not in siblings_of(available[0])]
    return available[0], (others or available[1:])[0]


def cpu_seconds(stat, ticks):
    """Of all processors together: seconds of work, and seconds that a hypervisor gave to others."""
    user, nice, system, _idle, _iowait, irq, softirq, steal = (
        int(word) / ticks for word in stat.split("\n")[0].split()[1:9])
    return user + nice + system + irq + softirq, steal


class Quiet:
    """Tells afterwards how much other work went on meanwhile: a busy machine explains a spread."""

    def __init__(self):
        self.start = self.now()

    @staticmethod
    def now():
        """Seconds of the clock, of the work of others, and of what was stolen."""
        work, steal = cpu_seconds(read("/proc/stat"), os.sysconf("SC_CLK_TCK"))
        times = os.times()
        return times.elapsed, work - sum(times[:4]), steal

    def shares(self):
        """In shares of the time of one processor."""
        seconds, others, steal = (now - start for now, start in zip(self.now(), self.start))
        return {"others": max(others / seconds, 0), "stolen": steal / seconds}
