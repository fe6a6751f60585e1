//! What a server does itself, and for whom.

use busbar_app::Role;
use busbar_config::{Environment, Flag};
use clap::ValueEnum as _;

use crate::exit::{Failure, Result};

/// What a server does itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Part {
    /// Everything.
    All,
    /// Answers; jobs are left to workers.
    Api,
    /// Everything, as SageMaker wants it of its containers.
    Sagemaker,
}

/// What a server is started as.
#[derive(Debug)]
pub(crate) struct Started {
    /// What it does.
    pub(crate) role: Role,
    /// What follows from that; every other flag counts more.
    pub(crate) flags: Vec<Flag>,
}

impl Part {
    /// The flag's, the variable's, or everything.
    pub(crate) fn of(flag: Option<Self>, environment: &Environment) -> Result<Self> {
        if let Some(part) = flag {
            return Ok(part);
        }
        let Some(named) = environment.role() else {
            return Ok(Self::All);
        };
        Self::from_str(named, true).map_err(|_| {
            let known = Self::value_variants()
                .iter()
                .filter_map(clap::ValueEnum::to_possible_value);
            let known: Vec<_> = known.map(|value| value.get_name().to_owned()).collect();
            Failure::Usage(format!(
                "BUSBAR_ROLE: `{named}` is no role; there are: {}",
                known.join(", ")
            ))
        })
    }

    /// What that means. `container`: as any hosting service wants it.
    pub(crate) fn started(self, container: bool, environment: &Environment) -> Result<Started> {
        let role = match self {
            Self::All => Role::All,
            Self::Api => Role::Api,
            Self::Sagemaker => {
                let told = environment.hosting()?;
                return Ok(Started {
                    role: if told.many { Role::Host } else { Role::All },
                    flags: hosted("--role", told.port, !told.many),
                });
            }
        };
        let flags = match container {
            true => hosted("--container", 8080, true),
            false => Vec::new(),
        };
        Ok(Started { role, flags })
    }
}

/// Every address, the models that lie where such services put them, the log for machines.
fn hosted(name: &str, port: u16, models: bool) -> Vec<Flag> {
    let set = [
        ("server.listen", format!("0.0.0.0:{port}")),
        ("log.format", "json".to_owned()),
        ("models.directory", "/opt/ml/model".to_owned()),
    ];
    let set = set
        .into_iter()
        .filter(|(path, _)| models || *path != "models.directory");
    let flag = |(path, value): (&str, String)| Flag {
        name: name.to_owned(),
        path: path.to_owned(),
        value,
    };
    set.map(flag).collect()
}
