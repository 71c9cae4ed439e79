//! What the child gives up before it looks at anything that came from outside.
//!
//! Two steps. [`first`], at the very start: no writing anywhere, reading only where libraries, models and fonts lie,
//! no network; threads that the engine may start inherit it. [`close`], once the engine is warm: no file at all, and
//! of system calls only those that computing, memory and open pipes need. Everything else answers EPERM, so that a
//! library which asks in vain goes on; no call that could do harm is among those allowed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetStatus, Scope,
};
use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};

#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    #[error("the kernel refuses landlock ({0}): use a kernel from 5.13 on with it enabled, or set sandbox = \"off\"")]
    Landlock(String),
    #[error("the kernel refuses seccomp ({0}): set sandbox = \"off\" if this machine cannot have it")]
    Seccomp(String),
    #[error("a resource limit cannot be set: {0}")]
    Limit(#[from] rustix::io::Errno),
    #[error("the sandbox does not hold: {0}")]
    Leaks(&'static str),
}

/// Where libraries, language data and fonts lie.
const SYSTEM: [&str; 9] = [
    "/usr",
    "/lib",
    "/lib64",
    "/etc/ld.so.cache",
    "/etc/fonts",
    "/proc/cpuinfo",
    "/proc/self",
    "/sys/devices/system/cpu",
    "/opt",
];

/// Before the engine is opened, while there is one thread.
pub fn first(models: &Path) -> Result<(), SandboxError> {
    for (resource, limit) in [(Resource::Core, 0), (Resource::Fsize, 0), (Resource::Nofile, 64)] {
        setrlimit(resource, Rlimit { current: Some(limit), maximum: Some(limit) })?;
    }
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    let mut readable: Vec<PathBuf> = SYSTEM.iter().map(PathBuf::from).collect();
    readable.push(models.to_owned());
    // Models may be links to another folder.
    if let Ok(entries) = std::fs::read_dir(models) {
        readable.extend(entries.flatten().filter_map(|e| e.path().canonicalize().ok()));
    }
    landlock(&readable)
}

/// Once the engine is warm. `memory_mb` may be taken beyond what is mapped now.
pub fn close(memory_mb: u64) -> Result<(), SandboxError> {
    let space = address_space().saturating_add(memory_mb.saturating_mul(1 << 20));
    landlock(&[])?;
    setrlimit(Resource::As, Rlimit { current: Some(space), maximum: Some(space) })?;
    setrlimit(Resource::Nproc, Rlimit { current: Some(0), maximum: Some(0) })?;
    let filter = filter().map_err(|e| SandboxError::Seccomp(e.to_string()))?;
    seccompiler::apply_filter_all_threads(&filter).map_err(|e| SandboxError::Seccomp(e.to_string()))?;
    if std::fs::File::open("/proc/self/status").is_ok() || std::fs::File::open("/").is_ok() {
        return Err(SandboxError::Leaks("a file could be opened"));
    }
    Ok(())
}

/// Bytes of address space in use (`/proc/self/statm`, first number, pages).
fn address_space() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").ok().and_then(|s| s.split(' ').next()?.parse::<u64>().ok());
    // Without /proc: more than the engine was seen to map.
    pages.map_or(2 << 30, |p| p * rustix::param::page_size() as u64)
}

/// Everything is refused but reading below `readable`. The first ABI is demanded, what newer kernels add is taken.
fn landlock(readable: &[PathBuf]) -> Result<(), SandboxError> {
    let build = || -> Result<_, landlock::RulesetError> {
        let mut rules = Ruleset::default()
            .set_compatibility(CompatLevel::HardRequirement)
            .handle_access(AccessFs::from_all(ABI::V1))?
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(AccessFs::from_all(ABI::V5))?
            .handle_access(AccessNet::from_all(ABI::V4))?
            .scope(Scope::from_all(ABI::V6))?
            .create()?;
        for path in readable {
            let Ok(fd) = PathFd::new(path) else { continue };
            let access = if path.is_dir() { AccessFs::ReadFile | AccessFs::ReadDir } else { AccessFs::ReadFile.into() };
            rules = rules.add_rule(PathBeneath::new(fd, access))?;
        }
        rules.restrict_self()
    };
    let status = build().map_err(|e| SandboxError::Landlock(e.to_string()))?;
    match status.ruleset {
        RulesetStatus::NotEnforced => Err(SandboxError::Landlock("not enforced".to_owned())),
        _ => Ok(()),
    }
}

/// System calls that computing needs, whatever their arguments.
const FREE: &[i64] = &[
    libc::SYS_read,
    libc::SYS_write,
    libc::SYS_readv,
    libc::SYS_writev,
    libc::SYS_close,
    libc::SYS_lseek,
    libc::SYS_fstat,
    libc::SYS_ppoll,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_brk,
    libc::SYS_futex,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_getcpu,
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_gettimeofday,
    libc::SYS_getrandom,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    libc::SYS_membarrier,
    libc::SYS_exit,
    libc::SYS_exit_group,
];

fn filter() -> Result<BpfProgram, seccompiler::BackendError> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = FREE.iter().map(|n| (*n, Vec::new())).collect();
    #[cfg(target_arch = "x86_64")]
    for n in [libc::SYS_poll, libc::SYS_time] {
        rules.insert(n, Vec::new());
    }
    let when = |arg, op, value: u64| -> Result<Vec<SeccompRule>, seccompiler::BackendError> {
        Ok(vec![SeccompRule::new(vec![SeccompCondition::new(arg, SeccompCmpArgLen::Dword, op, value)?])?])
    };
    // No memory that can be run.
    let executable = u64::from(libc::PROT_EXEC as u32);
    rules.insert(libc::SYS_mmap, when(2, SeccompCmpOp::MaskedEq(executable), 0)?);
    rules.insert(libc::SYS_mprotect, when(2, SeccompCmpOp::MaskedEq(executable), 0)?);
    // Signals to itself only: abort().
    rules.insert(libc::SYS_tgkill, when(0, SeccompCmpOp::Eq, u64::from(std::process::id()))?);
    let refuse = SeccompAction::Errno(libc::EPERM as u32);
    SeccompFilter::new(rules, refuse, SeccompAction::Allow, std::env::consts::ARCH.try_into()?)?.try_into()
}

/// Tries what must not work and names each attempt with its outcome; true where all were refused.
pub fn self_test(out: &mut impl std::io::Write, models: &Path) -> std::io::Result<bool> {
    use std::net::{TcpStream, UdpSocket};
    use std::os::unix::net::UnixStream;
    use std::process::Command;
    let attempts: [(&str, bool); 10] = [
        ("read /etc/passwd", std::fs::read("/etc/passwd").is_ok()),
        ("list /", std::fs::read_dir("/").is_ok()),
        ("read the models", std::fs::read_dir(models).is_ok()),
        ("write /tmp", std::fs::write("/tmp/faxbridge-self-test", b"x").is_ok()),
        (
            "remove a file",
            std::fs::remove_file("/tmp/faxbridge-self-test-none")
                .map_err(|e| e.kind())
                .is_err_and(|k| k == std::io::ErrorKind::NotFound),
        ),
        (
            "open a TCP socket",
            TcpStream::connect("127.0.0.1:9")
                .map_err(|e| e.kind())
                .is_err_and(|k| k == std::io::ErrorKind::ConnectionRefused),
        ),
        ("open a UDP socket", UdpSocket::bind("127.0.0.1:0").is_ok()),
        ("open a Unix socket", UnixStream::pair().is_ok()),
        ("run a program", Command::new("/bin/true").spawn().is_ok()),
        ("start a thread", std::thread::Builder::new().spawn(|| ()).is_ok()),
    ];
    for (what, worked) in attempts {
        writeln!(out, "{what}: {}", if worked { "ALLOWED" } else { "refused" })?;
    }
    Ok(attempts.iter().all(|a| !a.1))
}
