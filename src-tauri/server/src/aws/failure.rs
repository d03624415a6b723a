//! What AWS answered when it did not do what it was asked, for people and for deciding whether to ask again.

use std::{error::Error, fmt};

use aws_smithy_async::future::pagination_stream::PaginationStream;
use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

/// Codes after which asking again may help (AWS SDKs and Tools Reference, retry behaviour; IAM API, common errors).
const PASSING: [&str; 14] = [
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestLimitExceeded",
    "TooManyRequestsException",
    "RequestThrottled",
    "ServiceUnavailable",
    "ServiceFailure",
    "ServiceException",
    "InternalFailure",
    "InternalError",
    "ConcurrentModification",
    "EntityTemporarilyUnmodifiable",
    "IDPCommunicationError",
];

/// AWS did not do something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What was being done, as `iam:CreateRole`.
    pub doing: &'static str,
    /// AWS's code; empty if there was no answer.
    pub code: String,
    /// AWS's words, or why there was no answer.
    pub text: String,
    /// Whether asking again soon may help.
    pub is_passing: bool,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.code.is_empty() {
            return write!(f, "{} was not answered: {}", self.doing, self.text);
        }
        write!(f, "{} was refused ({}): {}", self.doing, self.code, self.text)
    }
}

impl Error for Failure {}

impl Failure {
    /// A refusal of our own, which lasts.
    pub fn own(doing: &'static str, code: &str, text: impl Into<String>) -> Self {
        Self { doing, code: code.to_owned(), text: text.into(), is_passing: false }
    }

    /// Whether AWS has too much to do.
    pub fn is_throttling(&self) -> bool {
        self.code.starts_with("Throttl")
            || ["RequestLimitExceeded", "TooManyRequestsException", "RequestThrottled"]
                .contains(&self.code.as_str())
    }
}

/// Tells what the SDK says of an operation.
pub fn of<E>(doing: &'static str) -> impl FnOnce(SdkError<E, HttpResponse>) -> Failure
where
    E: ProvideErrorMetadata + Error + 'static,
{
    move |error| {
        let status = error.raw_response().map(|response| response.status().as_u16());
        let code = error.code().unwrap_or_default().to_owned();
        let told = error.message().map(str::to_owned);
        let is_passing = match status {
            None => !matches!(error, SdkError::ConstructionFailure(_)),
            Some(status) => status >= 500 || status == 429 || PASSING.contains(&code.as_str()),
        };
        let text = told.unwrap_or_else(|| innermost(&error));
        let code = match (code.is_empty(), status) {
            (true, Some(status)) => format!("HTTP {status}"),
            _ => code,
        };
        Failure { doing, code, text, is_passing }
    }
}

/// All that the pages of an operation have, unless one of them fails.
///
/// # Errors
/// [`Failure`] of that page.
pub async fn all<T, E>(
    doing: &'static str,
    pages: PaginationStream<Result<T, SdkError<E, HttpResponse>>>,
) -> Result<Vec<T>, Failure>
where
    E: ProvideErrorMetadata + Error + 'static,
{
    pages.try_collect().await.map_err(of(doing))
}

/// The words of what an error comes from.
fn innermost(error: &dyn Error) -> String {
    let mut last = error;
    while let Some(cause) = last.source() {
        last = cause;
    }
    last.to_string()
}
