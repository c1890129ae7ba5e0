//! The services Lock and Election as lines.

use anyhow::bail;
use quorate_etcd_proto::{v3electionpb as election, v3lockpb as lock};

use super::World;
use super::tell::tell_kv;
use super::words::Words;

impl World {
    /// `lock NAME LEASE`, `unlock KEY`, `campaign NAME LEASE VALUE`, `leader NAME`,
    /// `proclaim NAME KEY REVISION LEASE VALUE`, `resign NAME KEY REVISION LEASE`, `resign nothing`.
    pub(crate) async fn ask_service(
        &mut self,
        verb: &str,
        words: &mut Words<'_>,
    ) -> anyhow::Result<String> {
        Ok(match verb {
            "lock" => {
                let (name, lease) = (words.key()?, words.lease()?);
                let request = self.request(lock::LockRequest { name, lease });
                let answer = self.channel.lock().lock(request).await;
                self.told(answer, |names, answer| {
                    format!("held by {}", names.tell_key(&answer.key))
                })
            }
            "unlock" => {
                let key = self.queue_key(words.next()?)?;
                let request = self.request(lock::UnlockRequest { key });
                let answer = self.channel.lock().unlock(request).await;
                self.told(answer, |_, _| "unlocked".to_owned())
            }
            "campaign" => {
                let (name, lease, value) = (words.key()?, words.lease()?, words.value()?);
                let request = election::CampaignRequest { name, lease, value };
                let request = self.request(request);
                let answer = self.channel.election().campaign(request).await;
                self.told(answer, |names, answer| {
                    let leader = answer.leader.unwrap_or_default();
                    let key = names.tell_key(&leader.key);
                    let (name, lease) =
                        (names.tell_key(&leader.name), names.tell_lease(leader.lease));
                    let revision = names.tell_revision(leader.rev);
                    format!("{key} leads {name} @{revision} lease {lease}")
                })
            }
            "leader" => {
                let request = self.request(election::LeaderRequest { name: words.key()? });
                let answer = self.channel.election().leader(request).await;
                self.told(answer, |names, answer| match answer.kv {
                    Some(kv) => tell_kv(names, &kv),
                    None => "nobody".to_owned(),
                })
            }
            "proclaim" => {
                let leader = self.leader(words)?;
                let value = words.value()?;
                let request = self.request(election::ProclaimRequest { leader, value });
                let answer = self.channel.election().proclaim(request).await;
                self.told(answer, |_, _| "proclaimed".to_owned())
            }
            "resign" => {
                let leader = self.leader(words)?;
                let request = self.request(election::ResignRequest { leader });
                let answer = self.channel.election().resign(request).await;
                self.told(answer, |_, _| "resigned".to_owned())
            }
            _ => bail!("what is {verb}?"),
        })
    }

    fn leader(&self, words: &mut Words<'_>) -> anyhow::Result<Option<election::LeaderKey>> {
        if words.takes("nothing") {
            return Ok(None);
        }
        Ok(Some(election::LeaderKey {
            name: words.key()?,
            key: self.queue_key(words.next()?)?,
            rev: words.revision()?,
            lease: words.lease()?,
        }))
    }

    /// A key of a queue: `a/#7` ends in the number of lease 7.
    pub(crate) fn queue_key(&self, word: &str) -> anyhow::Result<bytes::Bytes> {
        Ok(match word.split_once("/#") {
            Some((name, lease)) => {
                let lease = self.names.lease(lease)?;
                let ending = format!("/{lease:x}");
                [&self.names.key(name)[..], ending.as_bytes()]
                    .concat()
                    .into()
            }
            None => self.names.key(word),
        })
    }
}
