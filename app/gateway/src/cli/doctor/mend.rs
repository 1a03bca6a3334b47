//! Mending what can be mended without a person.

use std::{
    fs::{self, Permissions},
    io,
    os::unix::fs::PermissionsExt,
};

use domain::checkup::Repair;
use ports::driven::ServiceKind;

use crate::cli::{
    context::Context,
    service::{self, Service},
};

/// Makes the repairs, and says of each how it went.
pub(super) async fn all(context: &Context, repairs: &[Repair]) -> Vec<String> {
    let mut done = Vec::new();
    for repair in repairs {
        done.push(match repair {
            Repair::KeepPrivate { path, mode } => {
                told(&format!("took {path} from others"), keep_private(path, *mode))
            }
            Repair::Remove(path) => told(&format!("removed {path}"), fs::remove_file(path)),
            Repair::RewriteService => told("wrote the service anew", rewrite(context).await),
            Repair::OutliveLogin => {
                let service = Service::installed(context, ServiceKind::Gateway, false);
                let outcome = service.manager.outlive_login().await;
                told("the service stays when its user leaves", outcome)
            }
        });
    }
    done
}

fn told<E: ToString>(what: &str, outcome: Result<(), E>) -> String {
    match outcome {
        Ok(()) => what.to_owned(),
        Err(error) => format!("not done ({what}): {}", error.to_string()),
    }
}

/// Takes away what the path grants beyond `most`.
fn keep_private(path: &str, most: u32) -> io::Result<()> {
    let mode = fs::metadata(path)?.permissions().mode();
    fs::set_permissions(path, Permissions::from_mode(mode & most))
}

async fn rewrite(context: &Context) -> Result<(), String> {
    let service = Service::installed(context, ServiceKind::Gateway, false);
    let port = service::status::port(context, &service).await;
    let wanted = service::gateway_definition(context, &service, port);
    let wanted = wanted.map_err(|_| "this program's own file is not known".to_owned())?;
    let installed = service.manager.install(&wanted, true).await;
    installed.map(drop).map_err(|error| error.to_string())
}
