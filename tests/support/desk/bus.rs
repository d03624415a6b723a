//! A private message bus: no service folders, so that nothing installed starts itself on it.

use super::Folders;
use crate::{
    deadline::{SOON, START, within},
    process::{Process, Program},
};
use anyhow::{Context, Result};
use futures_util::StreamExt;
use std::{collections::BTreeMap, fs};
use zbus::{
    Connection,
    fdo::{DBusProxy, RequestNameFlags},
    names::{BusName, WellKnownName},
};

/// A running `dbus-daemon` and a recorder of its traffic.
#[derive(Debug)]
pub struct Bus {
    address: String,
    _monitor: Process,
    _daemon: Process,
}

fn configuration(kind: &str, socket: &str) -> String {
    // Even the system one lets everything pass: who may own what is not what is tested here.
    format!(
        r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>{kind}</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#
    )
}

impl Bus {
    /// Starts a bus of `kind` `session` or `system`.
    ///
    /// # Errors
    /// That `dbus-daemon` is not there or was not ready in time.
    pub async fn start(kind: &str, folders: &Folders, env: &BTreeMap<String, String>) -> Result<Self> {
        let socket = folders.bus().join(kind);
        let config = folders.bus().join(format!("{kind}.conf"));
        fs::write(&config, configuration(kind, &socket.to_string_lossy()))?;
        let daemon = Program::new("dbus-daemon", "dbus-daemon")
            .args(["--nofork", "--nopidfile", "--print-address=1"])
            .args([format!("--config-file={}", config.display())])
            .envs(env)
            .log(folders.logs().join(format!("{kind}-bus.log")))
            .lines()
            .start()?;
        let what = format!("the {kind} bus's address");
        let address =
            daemon.line(START, &what, |l| l.starts_with("unix:").then(|| l.trim().to_owned())).await?;
        let monitor = Program::new("dbus-monitor", "dbus-monitor")
            .args(["--address", &address])
            .envs(env)
            .log(folders.logs().join(format!("{kind}-bus-traffic.log")))
            .start()?;
        Ok(Self { address, _monitor: monitor, _daemon: daemon })
    }

    /// Its address, for the environment.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// A new connection.
    ///
    /// # Errors
    /// That the bus is gone.
    pub async fn connect(&self) -> Result<Connection> {
        let builder = zbus::connection::Builder::address(self.address.as_str())?;
        within(SOON, "a connection to the bus", builder.build()).await
    }

    /// A connection that owns `name`: nobody else may have it.
    ///
    /// # Errors
    /// That the name is taken.
    pub async fn own(&self, connection: &Connection, name: &str) -> Result<()> {
        let flags = RequestNameFlags::DoNotQueue.into();
        let owning = connection.request_name_with_flags(name.to_owned(), flags);
        within(SOON, name, owning).await.with_context(|| format!("could not own {name}"))?;
        Ok(())
    }

    /// Waits until somebody owns `name`.
    ///
    /// # Errors
    /// That nobody did in time.
    pub async fn owned(&self, name: &str) -> Result<()> {
        let connection = self.connect().await?;
        let bus = DBusProxy::new(&connection).await?;
        let mut changes = bus.receive_name_owner_changed_with_args(&[(0, name)]).await?;
        let wanted = BusName::from(WellKnownName::try_from(name)?);
        if bus.name_has_owner(wanted).await? {
            return Ok(());
        }
        within(START, &format!("an owner of {name}"), async {
            while let Some(change) = changes.next().await {
                if change.args()?.new_owner().is_some() {
                    return Ok(());
                }
            }
            anyhow::bail!("the bus ended")
        })
        .await
    }
}
