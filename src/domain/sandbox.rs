//! What a command can reach: the profile that was asked for, what stands of it, and how that is told.

use crate::domain::policy::{Verdict, Word};

/// Which files a command may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Writes {
    /// Any that its operator may: there is no wall at all.
    Anything,
    /// None.
    Nothing,
    /// Those of the workspace, and what the settings name.
    Workspace,
}

/// What a command is held to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Profile {
    /// The files.
    pub writes: Writes,
    /// Whether it shares the machine's network; without a wall it does.
    pub network: bool,
}

impl Profile {
    /// No wall.
    pub const NONE: Profile = Profile { writes: Writes::Anything, network: true };

    /// The names that may be typed.
    pub const NAMES: [&'static str; 5] =
        ["workspace-write", "workspace-write+network", "read-only", "read-only+network", "none"];

    /// The profile of a name.
    pub fn parse(name: &str) -> Option<Profile> {
        let (files, network) = match name.strip_suffix("+network") {
            Some(files) => (files, true),
            None => (name, false),
        };
        match files {
            "none" if !network => Some(Profile::NONE),
            "read-only" => Some(Profile { writes: Writes::Nothing, network }),
            "workspace-write" => Some(Profile { writes: Writes::Workspace, network }),
            _ => None,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match (self.writes, self.network) {
            (Writes::Anything, _) => "none",
            (Writes::Nothing, false) => "read-only",
            (Writes::Nothing, true) => "read-only+network",
            (Writes::Workspace, false) => "workspace-write",
            (Writes::Workspace, true) => "workspace-write+network",
        }
    }
}

/// How a fork is held otherwise than the session that it is made of; none where it is not, or one of both is not known.
pub fn held_otherwise(original: &str, here: &str) -> Option<String> {
    if original.is_empty() || here.is_empty() || original == here {
        return None;
    }
    let words =
        |name: &str| if name == "none" { "without a sandbox".to_string() } else { format!("in {name}") };
    Some(format!("Its commands ran {}; here they run {}.", words(original), words(here)))
}

/// How much a command may use; 0 is without a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// MiB of memory, of all its processes together and of each by itself.
    pub memory_mib: u64,
    /// Processes at a time.
    pub processes: u64,
    /// Open files of a process.
    pub open_files: u64,
    /// MiB of a file that it writes.
    pub file_mib: u64,
    /// Seconds of processor time of a process.
    pub cpu_s: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { memory_mib: 4096, processes: 512, open_files: 4096, file_mib: 4096, cpu_s: 3600 }
    }
}

impl Limits {
    /// In a few words; none where memory and processes have no limit.
    fn words(self) -> Option<String> {
        let memory = match self.memory_mib {
            0 => None,
            whole if whole.is_multiple_of(1024) => Some(format!("{} GiB", whole / 1024)),
            mib => Some(format!("{mib} MiB")),
        };
        let processes = (self.processes > 0).then(|| format!("{} processes", self.processes));
        let both: Vec<String> = memory.into_iter().chain(processes).collect();
        (!both.is_empty()).then(|| both.join(", "))
    }
}

/// What stands between a command and the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Walls {
    /// What was asked for.
    pub asked: Profile,
    /// Why there is no wall although one was asked for.
    pub missing: Option<String>,
    /// How much it may use.
    pub limits: Limits,
    /// What else a person is to know.
    pub notes: Vec<String>,
    /// Changes whenever anything about the walls does.
    pub stamp: String,
}

impl Walls {
    /// No wall, as it was asked for.
    pub fn none() -> Walls {
        Walls {
            asked: Profile::NONE,
            missing: None,
            limits: Limits::default(),
            notes: Vec::new(),
            stamp: String::new(),
        }
    }

    /// The profile in force.
    pub fn in_force(&self) -> Profile {
        match self.missing {
            Some(_) => Profile::NONE,
            None => self.asked,
        }
    }

    /// What a command can reach, in short.
    pub fn words(&self) -> String {
        let open = "may change any file of yours and use the network";
        if let Some(why) = &self.missing {
            return format!("NO SANDBOX, although {} was asked for ({why}): {open}", self.asked.name());
        }
        let writes = match self.asked.writes {
            Writes::Anything => return format!("no sandbox: {open}"),
            Writes::Nothing => "writes nothing",
            Writes::Workspace => "writes only the workspace",
        };
        let network = match self.asked.network {
            true => "the network, with what listens on this machine",
            false => "no network",
        };
        let mut parts = vec![writes.to_string(), network.to_string()];
        parts.extend(self.limits.words());
        parts.extend(self.notes.iter().cloned());
        parts.join(" · ")
    }

    /// The policy's version together with the walls: what a decision on a command is bound to.
    pub fn beside(&self, policy: &str) -> String {
        match self.stamp.is_empty() {
            true => policy.to_string(),
            false => format!("{policy} · {}", self.stamp),
        }
    }

    /// The verdict on a command behind these walls: weaker ones than were asked for are a person's matter.
    pub fn narrowed(&self, verdict: Verdict) -> Verdict {
        let policy = self.beside(&verdict.policy);
        match &self.missing {
            Some(why) if verdict.word == Word::Allow => Verdict {
                word: Word::Ask,
                rule: "no-sandbox".to_string(),
                why: format!(
                    "The sandbox {} was asked for and is not there: {why}. ({})",
                    self.asked.name(),
                    verdict.why
                ),
                policy,
                person: None,
            },
            Some(_) | None => Verdict { policy, ..verdict },
        }
    }
}
