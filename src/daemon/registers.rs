//! Register files: taken into the store at the start and whenever they change, and given to the reading side from there,
//! so that an import by another process counts as well.
//!
//! A file is taken whole or not at all; a bad one leaves the register of before in force. What is told about it names
//! lines and columns, never what stands in them.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::alarms::Alarms;
use super::pipeline::Reading;
use crate::config;
use crate::store::{Register, Store, StoreError};

/// The files and what is known of them.
pub struct Books {
    files: Vec<File>,
    /// Version of the registers that the reading side has.
    version: Option<i64>,
}

struct File {
    register: Register,
    path: PathBuf,
    seen: Option<Stamp>,
    /// State that was last taken, or refused.
    dealt: Option<Stamp>,
}

/// Changes when a file does.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stamp {
    modified: (i64, i64),
    size: u64,
    inode: u64,
    /// Why it cannot be had.
    missing: Option<std::io::ErrorKind>,
}

impl Stamp {
    async fn of(path: &Path) -> Stamp {
        match tokio::fs::metadata(path).await {
            Ok(m) => Stamp { modified: (m.mtime(), m.mtime_nsec()), size: m.size(), inode: m.ino(), missing: None },
            Err(e) => Stamp { modified: (0, 0), size: 0, inode: 0, missing: Some(e.kind()) },
        }
    }
}

impl Books {
    pub fn new(config: &config::Register) -> Books {
        // The staff's offices are looked up in the offices.
        let files = [
            (Register::Offices, &config.offices),
            (Register::Staff, &config.staff),
            (Register::Institutions, &config.institutions),
            (Register::Patients, &config.patients),
        ];
        let files = files
            .into_iter()
            .filter(|(_, path)| !path.as_os_str().is_empty())
            .map(|(register, path)| File { register, path: path.clone(), seen: None, dealt: None })
            .collect();
        Books { files, version: None }
    }

    /// [`Books::look`] for a daemon that goes on whatever happens.
    pub async fn refresh(&mut self, store: &Store, reading: &Reading, now: bool, alarms: &mut Alarms) {
        if let Err(e) = self.look(store, reading, now, alarms).await {
            tracing::error!(error = %e, "the registers cannot be looked at");
        }
    }

    /// Looks whether anything changed. `now`: what was refused is tried again, and nothing waits until it holds still.
    ///
    /// # Errors
    /// The store cannot be read. A file that cannot be used is no error: it is told to the administrators.
    pub async fn look(
        &mut self,
        store: &Store,
        reading: &Reading,
        now: bool,
        alarms: &mut Alarms,
    ) -> Result<(), StoreError> {
        let mut offices_changed = false;
        for file in &mut self.files {
            let stamp = Stamp::of(&file.path).await;
            let still = file.seen.replace(stamp.clone()).is_some_and(|s| s == stamp);
            let again = now || offices_changed && file.register == Register::Staff;
            if !again && (!still || file.dealt.as_ref() == Some(&stamp)) {
                continue;
            }
            let fault = match file.take(store, &stamp).await {
                Ok(Taken::Changing) => continue,
                Ok(Taken::Whole(changed)) => {
                    offices_changed |= changed && file.register == Register::Offices;
                    None
                }
                Err(why) => Some(format!("{}: {why}; the register of before stays in force", file.path.display())),
            };
            file.dealt = Some(stamp);
            alarms.refuse(&format!("register {}", file.register.as_str()), fault).await;
        }
        let version = store.registers_version().await?;
        if self.version != Some(version) {
            let registers = store.registers().await?;
            tracing::info!(
                patients = registers.patients().len(),
                institutions = registers.institutions().len(),
                "the registers are in force"
            );
            reading.set_registers(registers);
            self.version = Some(version);
        }
        Ok(())
    }
}

enum Taken {
    /// It is just being written.
    Changing,
    /// Whether anything in the register changed.
    Whole(bool),
}

impl File {
    /// # Errors
    /// Why not, without anything that stands in the file.
    async fn take(&self, store: &Store, stamp: &Stamp) -> Result<Taken, String> {
        let plan = match store.plan_import(self.register, &self.path).await {
            Ok(plan) => plan,
            Err(StoreError::Register(e)) => return Err(e.places()),
            Err(e) => return Err(e.to_string()),
        };
        if Stamp::of(&self.path).await != *stamp {
            return Ok(Taken::Changing);
        }
        if plan.is_empty() && !plan.diff.ends.is_empty() {
            return Err("it holds no entry".into());
        }
        if plan.diff.is_empty() {
            return Ok(Taken::Whole(false));
        }
        let changes = store.apply_import(&plan, crate::store::MACHINE).await.map_err(|e| e.to_string())?;
        tracing::info!(
            register = self.register.as_str(),
            added = changes.added.len(),
            changed = changes.changed.len(),
            ended = changes.ended.len(),
            "a register file was taken over"
        );
        Ok(Taken::Whole(true))
    }
}
