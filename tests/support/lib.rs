//! The harness that tests stand on: a desk of one's own for each journey, with real parts.
//!
//! A [`Desk`] is what a person's computer is to the app: a home, a display, a session bus, a
//! keyring, a tray, notifications, a default browser, a network that says whether it is up. Each
//! part is either the real program (Xvfb, dbus-daemon, gnome-keyring, Chromium) or a small honest
//! peer written here that speaks the real protocol over a real bus (tray host, notification
//! server, logind, NetworkManager, screen saver).
//!
//! Invariant: everything awaited has a deadline that says what it waited for; nothing sleeps,
//! nothing is tried again after it failed; processes end with the desk that started them.
//!
//! The way in for a journey is [`journey()`]; for a wire test it is [`SandboxServer`] with
//! [`Boto`] and [`AwsCli`], or [`ServedOrganisation`] with [`ServiceProvider`],
//! [`IdentityProvider`] or [`Provisioner`].

pub mod administrator;
pub mod app;
pub mod authenticator;
pub mod aws;
pub mod balancer;
pub mod boto;
pub mod deadline;
pub mod desk;
pub mod desktop;
pub mod domain_controller;
pub mod driver;
pub mod evidence;
pub mod gallery;
pub mod gate;
pub mod identity_provider;
pub mod journey;
pub mod keys;
pub mod ldap_server;
pub mod mail_server;
pub mod moto;
pub mod nodes;
pub mod organisation;
pub mod page;
pub mod person;
pub mod ports;
pub mod postgres;
pub mod process;
pub mod programs;
pub mod provisioner;
pub mod radius_server;
pub mod record;
pub mod sandbox;
pub mod sdks;
pub mod secrets;
pub mod served;
pub mod service_provider;
pub mod simplesaml;
pub mod soft_key;
pub mod tls;
pub mod token_issuer;

pub use administrator::Administrator;
pub use app::App;
pub use authenticator::Authenticator;
pub use aws::AwsCli;
pub use boto::Boto;
pub use deadline::{until, within};
pub use desk::Desk;
pub use identity_provider::IdentityProvider;
pub use journey::{journey, measured};
pub use keys::KeyDesk;
pub use ldap_server::LdapServer;
pub use moto::{Fault, FaultyWay, Moto};
pub use person::Person;
pub use provisioner::Provisioner;
pub use radius_server::RadiusServer;
pub use record::Record;
pub use sandbox::{SandboxServer, User};
pub use served::ServedOrganisation;
pub use service_provider::ServiceProvider;
pub use simplesaml::SimpleSaml;
pub use soft_key::SoftKey;
pub use token_issuer::TokenIssuer;
