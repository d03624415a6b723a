//! Our table of AWS's hosts against botocore's own data: its partitions and its endpoint rule sets.

use anyhow::{Context, Result, ensure};
use engine::model::partition::{Partition, endpoints};
use serde::Deserialize;
use std::process::Command;
use support::programs;

/// Prints, for each region that botocore knows, its partition and the endpoints of the four services that we
/// call there, from their rule sets.
const RESOLVE: &str = r"
import json, sys
from botocore.endpoint_provider import EndpointProvider
from botocore.session import get_session
loader = get_session().get_component('data_loader')
partitions = loader.load_data('partitions')
rules = {s: EndpointProvider(loader.load_service_model(s, 'endpoint-rule-set-1'), partitions)
         for s in ('sso-oidc', 'sso', 'signin', 'sts')}
def url(service, region, dual):
    return rules[service].resolve_endpoint(Region=region, UseDualStack=dual, UseFIPS=False).url
found = []
for partition in partitions['partitions']:
    for region in partition['regions']:
        if region.endswith('-global'):
            continue
        for dual in (False, True):
            found.append({'partition': partition['id'], 'region': region, 'dual_stack': dual,
                          'oidc': url('sso-oidc', region, dual), 'portal': url('sso', region, dual),
                          # The federation endpoint and STS are called where every network reaches them.
                          'signin': url('signin', region, False), 'sts': url('sts', region, False)})
json.dump(found, sys.stdout)
";

#[derive(Debug, Deserialize)]
struct Region {
    partition: String,
    region: String,
    dual_stack: bool,
    oidc: String,
    portal: String,
    signin: String,
    sts: String,
}

#[test]
fn every_region_has_the_hosts_that_botocore_gives_it() -> Result<()> {
    let said = Command::new(programs::python()?).args(["-I", "-c", RESOLVE]).output()?;
    ensure!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    let regions: Vec<Region> = serde_json::from_slice(&said.stdout)?;
    for partition in ["aws", "aws-us-gov", "aws-cn", "aws-eusc"] {
        ensure!(regions.iter().any(|r| r.partition == partition), "botocore knows no {partition}");
    }
    for theirs in &regions {
        let name = format!("{}, dual stack {}", theirs.region, theirs.dual_stack);
        let ours = endpoints(&theirs.region, theirs.dual_stack);
        if theirs.partition.starts_with("aws-iso") {
            ensure!(ours.is_none(), "{name}: hosts of the isolated partitions are not ours to name");
            continue;
        }
        let partition = Partition::of_region(&theirs.region).context(name.clone())?;
        ensure!(partition.name == theirs.partition, "{name} is in {}, not {partition:?}", theirs.partition);
        let ours = ours.context(name.clone())?;
        for (ours, theirs) in [
            (ours.oidc.as_str(), format!("{}/", theirs.oidc)),
            (ours.portal.as_str(), format!("{}/", theirs.portal)),
            (ours.federation.as_str(), format!("{}/federation", theirs.signin)),
            (ours.sts.as_str(), format!("{}/", theirs.sts)),
        ] {
            ensure!(ours == theirs, "{name}: ours is {ours}, botocore's {theirs}");
        }
        let host = ours.federation.host_str().unwrap_or_default().to_owned();
        ensure!(partition.is_console(&host), "{name}: the browser may not be sent to {host}");
    }
    Ok(())
}
