//! LookupEvents (CloudTrail API 2013-11-01): the audit trail, newest first.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Call, Outcome, wire::AdminError};
use crate::{
    secret::InstanceKey,
    store::{FoundEvent, Lookup, Position, resources_of},
};

/// What `X-Amz-Target` says before the operation (botocore's `cloudtrail`).
pub const TARGET: &str = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101";
/// Events on a page, at most and by default.
const MOST: i64 = 50;
const LONGEST_VALUE: usize = 2000;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Request {
    #[serde(default)]
    lookup_attributes: Vec<Attribute>,
    /// Epoch seconds.
    start_time: Option<f64>,
    end_time: Option<f64>,
    event_category: Option<String>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Attribute {
    attribute_key: String,
    attribute_value: String,
}

/// A page of events.
pub fn lookup_events(call: &Call<'_>) -> Outcome {
    let request: Request = serde_json::from_value(call.request.clone())
        .map_err(|_| AdminError::new("SerializationException", "A member has the wrong type."))?;
    let limit = request.max_results.unwrap_or(MOST);
    let limit = usize::try_from(limit).ok().filter(|_| (1..=MOST).contains(&limit)).ok_or_else(|| {
        AdminError::new("InvalidMaxResultsException", "MaxResults must be between 1 and 50.")
    })?;
    let mut lookup = request.lookup()?;
    let binding = request.binding();
    if let Some(token) = &request.next_token {
        let position = read_token(&call.instance.key, token, &binding);
        lookup.after = Some(position.ok_or_else(|| {
            let words = "NextToken is not one of this server's, or was given for other parameters.";
            AdminError::new("InvalidNextTokenException", words)
        })?);
    }
    match request.event_category.as_deref() {
        None => {}
        // There are none here.
        Some("insight") => return Ok(json!({ "Events": [] })),
        Some(_) => {
            let words = "EventCategory must be insight, or be left out.";
            return Err(AdminError::new("InvalidEventCategoryException", words));
        }
    }
    // One more than asked for tells whether there is another page.
    let mut found = call.instance.store.look_up_audit(&lookup, limit + 1)?;
    let more = found.len() > limit;
    found.truncate(limit);
    let mut answer = json!({ "Events": found.iter().map(written).collect::<Vec<_>>() });
    if let Some(last) = found.last().filter(|_| more) {
        answer["NextToken"] = json!(token(&call.instance.key, last.position, &binding));
    }
    Ok(answer)
}

impl Request {
    fn lookup(&self) -> Result<Lookup, AdminError> {
        let range = || AdminError::new("InvalidTimeRangeException", "StartTime must not be after EndTime.");
        let (from, to) = (moment(self.start_time)?, moment(self.end_time)?);
        if from.zip(to).is_some_and(|(from, to)| from > to) {
            return Err(range());
        }
        let mut lookup = Lookup { from, to, ..Lookup::default() };
        let wrong = |words: &str| AdminError::new("InvalidLookupAttributesException", words);
        let attribute = match self.lookup_attributes.as_slice() {
            [] => return Ok(lookup),
            [attribute] => attribute,
            _ => return Err(wrong("Only one lookup attribute may be given.")),
        };
        let value = attribute.attribute_value.clone();
        if value.is_empty() || value.len() > LONGEST_VALUE {
            return Err(wrong("AttributeValue must have 1 to 2000 characters."));
        }
        let field = match attribute.attribute_key.as_str() {
            "EventId" => &mut lookup.event_id,
            "EventName" => &mut lookup.name,
            "EventSource" => &mut lookup.source,
            "Username" => &mut lookup.username,
            "AccessKeyId" => &mut lookup.access_key_id,
            "ResourceName" => &mut lookup.resource_name,
            "ResourceType" => &mut lookup.resource_type,
            "ReadOnly" => {
                let read_only = value.parse().map_err(|_| wrong("ReadOnly must be true or false."))?;
                lookup.read_only = Some(read_only);
                return Ok(lookup);
            }
            _ => return Err(wrong("AttributeKey is not one that events can be looked up by.")),
        };
        *field = Some(value);
        Ok(lookup)
    }

    /// What a token is good for.
    fn binding(&self) -> String {
        let attributes: Vec<_> =
            self.lookup_attributes.iter().map(|a| (&a.attribute_key, &a.attribute_value)).collect();
        json!([attributes, self.start_time, self.end_time, self.event_category]).to_string()
    }
}

/// Seconds with a fraction, as botocore sends them.
fn moment(seconds: Option<f64>) -> Result<Option<Timestamp>, AdminError> {
    let read = |seconds: f64| {
        let span = jiff::SignedDuration::try_from_secs_f64(seconds).ok()?;
        Timestamp::from_duration(span).ok()
    };
    let wrong = || AdminError::new("InvalidTimeRangeException", "The time cannot be read.");
    seconds.map(|seconds| read(seconds).ok_or_else(wrong)).transpose()
}

fn token(key: &InstanceKey, at: Position, binding: &str) -> String {
    let (moment, id) = (at.moment.to_string(), at.id.to_string());
    let seal = key.public_id("lookup token", &[&moment, &id, binding], 32);
    format!("{moment}.{id}.{seal}")
}

fn read_token(key: &InstanceKey, text: &str, binding: &str) -> Option<Position> {
    let mut parts = text.split('.');
    let position = Position { moment: parts.next()?.parse().ok()?, id: parts.next()?.parse().ok()? };
    (token(key, position, binding) == text).then_some(position)
}

fn written(found: &FoundEvent) -> Value {
    let event: Value = serde_json::from_str(&found.event).unwrap_or_default();
    let resources: Vec<Value> = resources_of(&event)
        .into_iter()
        .map(|resource| json!({ "ResourceType": resource.kind, "ResourceName": resource.name }))
        .collect();
    let mut written = json!({
        "EventId": found.event_id,
        "EventName": found.name,
        "EventTime": found.moment.as_second(),
        "EventSource": found.source,
        "Resources": resources,
        "CloudTrailEvent": found.event,
    });
    let more = [
        ("Username", found.username.clone()),
        ("AccessKeyId", found.access_key_id.clone()),
        ("ReadOnly", found.read_only.map(|read_only| read_only.to_string())),
    ];
    for (name, value) in more {
        if let Some(value) = value {
            written[name] = json!(value);
        }
    }
    written
}
