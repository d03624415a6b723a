//! CreateApplication: links and applications of OAuth 2.0, as AWS's makes no SAML application either.

use serde_json::json;

use super::super::{conflict, tags};
use crate::{
    admin::{
        Call, Outcome,
        body::{self, missing},
        wire::AdminError,
    },
    organisation::Application,
    store::ApplicationRecord,
};

/// Makes an application.
pub fn create_application(call: &Call<'_>) -> Outcome {
    call.own_instance()?;
    let body = call.body();
    let provider = body.need("ApplicationProviderArn")?;
    if !provider.contains(":applicationProvider/") {
        let words = "arn:aws(-[a-z]{1,5}){0,3}:sso::aws:applicationProvider/[a-zA-Z0-9-/]+";
        return Err(body::pattern("ApplicationProviderArn", words));
    }
    if provider != super::CUSTOM {
        let words = "Only applications of the provider custom can be made by the API; SAML applications are made in \
                     the organisation file.";
        return Err(AdminError::validation(words));
    }
    body.get("Name").ok_or_else(|| missing("Name"))?;
    let (id, instance_id) = call.instance.ids().random_application();
    let application = Application {
        id: id.clone(),
        instance_id,
        name: String::new(),
        description: String::new(),
        url: None,
        saml: None,
    };
    let created = call.instance.now();
    let mut record = ApplicationRecord {
        application,
        enabled: true,
        visible: true,
        assignment_required: true,
        created,
        declared: false,
    };
    super::change(&mut record, body)?;
    super::check(&record)?;
    let (arn, tags) = (call.application_arn(&id), tags::given(body)?);
    let entry = call.entry(json!({ "application": id }));
    if !call.instance.store.create_application(&record, (&arn, &tags), &entry)? {
        return Err(conflict("An application with this name already exists."));
    }
    Ok(json!({
        "ApplicationArn": arn,
        "InstanceArn": call.instance_arn(),
        "IdentityStoreArn": call.identity_store_arn(),
    }))
}
