//! `latchkey-server`: a self-hosted SSO server that speaks the protocol of AWS IAM Identity Center.
//!
//! A request comes through [`doors`], finds its operation ([`oidc`], [`portal`], [`federation`], [`saml`],
//! [`sts`]) or page ([`signin`]), which asks [`domain`] what is true and [`store`] what is remembered.
//!
//! Invariant: nothing here knows the client; what both sides share is AWS's protocol.
//! Invariant: SQL stands in `store/` alone; time and randomness come from the [`instance`].
#![allow(rustdoc::private_intra_doc_links, reason = "the map above is for people who read the sources")]

#[cfg(test)]
mod access_tests;
mod addresses;
mod admin;
mod administration;
mod applications;
mod applying;
#[cfg(test)]
mod applying_oauth_tests;
#[cfg(test)]
mod applying_tests;
mod audit;
mod aws;
mod catalogue;
mod chance;
mod clock;
pub mod command;
mod config;
mod configured;
mod data_folder;
mod database;
mod domain;
mod doors;
mod external;
mod federation;
mod fetch;
mod fields;
#[cfg(test)]
mod foreign_tests;
mod ids;
mod instance;
mod issuing;
mod ldap;
mod limits;
mod listeners;
mod mail;
mod mfa;
mod moving;
mod native;
mod oidc;
mod operations;
mod organisation;
mod origin;
#[cfg(test)]
mod others_tests;
mod passwords;
mod portal;
mod provider;
#[allow(dead_code, reason = "the administration's APIs and pages use the rest")]
mod provisioning;
mod proxies;
mod radius;
#[cfg(test)]
mod rig;
mod saml;
mod sample_apps;
mod sandbox;
mod scim;
mod secret;
mod serving;
mod signin;
mod sigv4;
mod store;
mod sts;
mod throttle;
mod tls;

pub use provider::install_provider;
