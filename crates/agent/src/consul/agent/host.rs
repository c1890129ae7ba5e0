//! The machine that the agent runs on: `GET /v1/agent/host`.

use std::collections::BTreeMap;
use std::fs::read_to_string;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use quorate_wire::consul::agent::{HostCpu, HostDisk, HostInfo, HostMemory, HostReport};

use crate::consul::permit::require;
use crate::consul::reply::{Refused, Reply};
use crate::consul::request::{Answer, Request};

/// `GET /v1/agent/host`: what the system tells without asking for more than a file. What it does
/// not tell is left at nothing.
pub(super) fn describe(request: Request<'_>) -> Result<Answer, Refused> {
    require(request.permit()?.operator_read())?;
    let mut report = HostReport::default();
    report.memory = memory(&read("/proc/meminfo"));
    report.cpu = cpus(&read("/proc/cpuinfo"));
    report.host = Some(host());
    report.disk = disk(request.front.data_dir.as_deref().unwrap_or(Path::new("/")));
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    report.collection_time = now
        .ok()
        .and_then(|now| u64::try_from(now.as_nanos()).ok())
        .unwrap_or_default();
    Ok(Reply::object(&report).into())
}

fn read(path: &str) -> String {
    read_to_string(path).unwrap_or_default()
}

/// Lines of `name: value`.
fn pairs(text: &str) -> BTreeMap<&str, &str> {
    let lines = text.lines().filter_map(|line| line.split_once(':'));
    lines
        .map(|(name, value)| (name.trim(), value.trim()))
        .collect()
}

/// Further numbers under the names that Consul gives them.
const MEMORY: [(&str, &str); 12] = [
    ("active", "Active"),
    ("buffers", "Buffers"),
    ("dirty", "Dirty"),
    ("inactive", "Inactive"),
    ("mapped", "Mapped"),
    ("pagetables", "PageTables"),
    ("shared", "Shmem"),
    ("slab", "Slab"),
    ("sreclaimable", "SReclaimable"),
    ("sunreclaim", "SUnreclaim"),
    ("swapfree", "SwapFree"),
    ("swaptotal", "SwapTotal"),
];

fn memory(meminfo: &str) -> Option<HostMemory> {
    let lines = pairs(meminfo);
    let bytes = |name| {
        let kib = lines.get(name)?.strip_suffix("kB")?.trim();
        Some(kib.parse::<u64>().ok()? * 1024)
    };
    let mut memory = HostMemory::default();
    memory.total = bytes("MemTotal")?;
    memory.available = bytes("MemAvailable").unwrap_or_default();
    memory.free = bytes("MemFree").unwrap_or_default();
    let cached = bytes("Cached").unwrap_or_default() + bytes("SReclaimable").unwrap_or_default();
    let reusable = memory.free + bytes("Buffers").unwrap_or_default() + cached;
    memory.used = memory.total.saturating_sub(reusable);
    memory.used_percent = percent(memory.used, memory.total);
    let known = MEMORY.iter();
    let known = known.filter_map(|(name, field)| Some(((*name).to_owned(), bytes(field)?.into())));
    memory.others = known.collect();
    memory.others.insert("cached".into(), cached.into());
    Some(memory)
}

fn cpus(cpuinfo: &str) -> Vec<HostCpu> {
    let blocks = cpuinfo.split("\n\n").map(pairs);
    let blocks = blocks.filter(|block| block.contains_key("processor"));
    blocks.map(|block| cpu(&block)).collect()
}

fn cpu(block: &BTreeMap<&str, &str>) -> HostCpu {
    let text = |name| block.get(name).copied().unwrap_or_default().to_owned();
    let number = |name| text(name).parse().unwrap_or_default();
    let mut cpu = HostCpu::default();
    cpu.cpu = number("processor");
    cpu.vendor_id = text("vendor_id");
    cpu.family = text("cpu family");
    cpu.model = text("model");
    cpu.stepping = number("stepping");
    cpu.physical_id = text("physical id");
    cpu.core_id = text("core id");
    cpu.cores = number("cpu cores").max(1);
    cpu.model_name = text("model name");
    cpu.mhz = text("cpu MHz").parse().unwrap_or_default();
    let cache = text("cache size");
    cpu.cache_size = cache.trim_end_matches(" KB").parse().unwrap_or_default();
    cpu.flags = text("flags").split(' ').map(str::to_owned).collect();
    cpu.microcode = text("microcode");
    cpu
}

fn host() -> HostInfo {
    let mut host = HostInfo::default();
    let line = |path: &str| read(path).trim().to_owned();
    host.hostname = crate::identity::host_name();
    let uptime = line("/proc/uptime");
    host.uptime = uptime
        .split(['.', ' '])
        .next()
        .and_then(|seconds| seconds.parse().ok())
        .unwrap_or_default();
    let stat = read("/proc/stat");
    let booted = stat.lines().find_map(|line| line.strip_prefix("btime "));
    host.boot_time = booted.and_then(|it| it.parse().ok()).unwrap_or_default();
    host.procs = processes();
    host.os = std::env::consts::OS.into();
    let release = read("/etc/os-release");
    let release: BTreeMap<_, _> = release
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name, value.trim_matches('"')))
        .collect();
    let release = |name| release.get(name).copied().unwrap_or_default().to_owned();
    host.platform = release("ID");
    host.platform_family = match release("ID_LIKE") {
        like if like.is_empty() => release("ID"),
        like => like,
    };
    host.platform_version = release("VERSION_ID");
    host.kernel_version = line("/proc/sys/kernel/osrelease");
    host.kernel_arch = std::env::consts::ARCH.into();
    host.hostid = line("/etc/machine-id");
    host
}

/// How many processes there are.
fn processes() -> u64 {
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return 0;
    };
    let names = entries.flatten().map(|entry| entry.file_name());
    let processes = names.filter(|name| name.as_encoded_bytes().iter().all(u8::is_ascii_digit));
    u64::try_from(processes.count()).unwrap_or_default()
}

#[cfg(unix)]
fn disk(path: &Path) -> Option<HostDisk> {
    let known = rustix::fs::statvfs(path).ok()?;
    let bytes = |blocks: u64| blocks.saturating_mul(known.f_frsize);
    let mut disk = HostDisk::default();
    disk.path = path.display().to_string();
    disk.total = bytes(known.f_blocks);
    disk.free = bytes(known.f_bavail);
    disk.used = bytes(known.f_blocks.saturating_sub(known.f_bfree));
    disk.used_percent = percent(disk.used, disk.used + disk.free);
    disk.inodes_total = known.f_files;
    disk.inodes_free = known.f_ffree;
    disk.inodes_used = known.f_files.saturating_sub(known.f_ffree);
    disk.inodes_used_percent = percent(disk.inodes_used, disk.inodes_total);
    Some(disk)
}

#[cfg(not(unix))]
fn disk(_: &Path) -> Option<HostDisk> {
    None
}

#[expect(clippy::cast_precision_loss, reason = "a share needs no more digits")]
fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64 * 100.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_files_are_read() {
        let text = "MemTotal: 1000 kB\nMemFree: 100 kB\nMemAvailable: 500 kB\nBuffers: 50 kB\n\
                    Cached: 150 kB\nSReclaimable: 0 kB\n";
        let memory = memory(text).unwrap();
        assert_eq!((memory.total, memory.available), (1_024_000, 512_000));
        assert_eq!(
            (memory.used, memory.others["buffers"].as_u64()),
            (716_800, Some(51_200))
        );
        let cpus = cpus("processor: 0\nmodel name: A\ncpu MHz: 2.5\n\nprocessor: 1\nflags: a b\n");
        assert_eq!(cpus.len(), 2);
        assert_eq!((cpus[0].model_name.as_str(), cpus[1].flags.len()), ("A", 2));
    }

    #[test]
    fn what_is_missing_is_nothing() {
        assert_eq!(memory(""), None);
        assert!(cpus("").is_empty());
        assert_eq!(disk(Path::new("/nowhere/at/all")), None);
    }
}
