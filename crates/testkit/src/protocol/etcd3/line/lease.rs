//! Leases as lines.

use anyhow::{Context as _, bail};
use futures_util::stream;
use quorate_etcd_proto::etcdserverpb as pb;

use super::tell::at;
use super::words::Words;
use super::{World, refusal};

impl World {
    /// `grant 7 60`, `revoke 7`, `ttl 7`, `ttl 7 keys`, `leases` (of this trial), `keep 7`.
    pub(crate) async fn ask_lease(
        &mut self,
        verb: &str,
        words: &mut Words<'_>,
    ) -> anyhow::Result<String> {
        let mut stub = self.channel.lease();
        Ok(match verb {
            "grant" => {
                let (id, ttl) = (words.lease()?, words.number()?);
                self.names.note_lease(id);
                let request = self.request(pb::LeaseGrantRequest { ttl, id });
                let answer = stub.lease_grant(request).await;
                self.told(answer, |names, answer| {
                    let id = names.tell_lease(answer.id);
                    let told = format!("lease {id} ttl {}", answer.ttl);
                    told + &at(names, answer.header.as_ref(), false)
                })
            }
            "revoke" => {
                let request = self.request(pb::LeaseRevokeRequest { id: words.lease()? });
                let answer = stub.lease_revoke(request).await;
                self.told(answer, |names, answer| {
                    format!("revoked{}", at(names, answer.header.as_ref(), false))
                })
            }
            "ttl" => {
                let (id, keys) = (words.lease()?, words.takes("keys"));
                let request = self.request(pb::LeaseTimeToLiveRequest { id, keys });
                let answer = stub.lease_time_to_live(request).await;
                self.told(answer, |names, answer| {
                    let keys = answer.keys.iter().map(|key| names.tell_key(key));
                    let mut keys: Vec<_> = keys.collect();
                    // Their order is nobody's promise.
                    keys.sort_unstable();
                    let keys = if keys.is_empty() {
                        String::new()
                    } else {
                        format!(" [{}]", keys.join(", "))
                    };
                    let left = if answer.ttl < 0 { "gone" } else { "alive" };
                    let told = format!("{left} of {}{keys}", answer.granted_ttl);
                    told + &at(names, answer.header.as_ref(), false)
                })
            }
            "leases" => {
                let request = self.request(pb::LeaseLeasesRequest {});
                let answer = stub.lease_leases(request).await;
                self.told(answer, |names, answer| {
                    let ids = answer.leases.iter().map(|lease| lease.id);
                    let own = ids.filter(|id| names.exact || names.is_own(*id));
                    let mut own: Vec<_> = own.map(|id| names.tell_lease(id)).collect();
                    own.sort_unstable();
                    format!("{own:?}{}", at(names, answer.header.as_ref(), false))
                })
            }
            "keep" => {
                let id = words.lease()?;
                let once = stream::iter([pb::LeaseKeepAliveRequest { id }]);
                match stub.lease_keep_alive(self.request(once)).await {
                    Err(status) => refusal(&status),
                    Ok(answers) => match answers.into_inner().message().await {
                        Err(status) => refusal(&status),
                        Ok(answer) => {
                            let answer = answer.context("no answer")?;
                            let told = format!("ttl {}", answer.ttl);
                            told + &at(&mut self.names, answer.header.as_ref(), false)
                        }
                    },
                }
            }
            _ => bail!("what is {verb}?"),
        })
    }
}
