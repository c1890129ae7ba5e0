//! Adding items to lists.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::Serialize;

use super::error::{TreeError, TreeProblem};
use super::handle::Tree;
use super::name::{MARKER, is_index, item_name};
use super::node::{Kind, Node, join};
use super::options::ListNames;
use super::place::Place;
use super::plan::Plan;
use super::ser;
use super::write::{TRIES, contended, operations};
use crate::{Compare, ErrorKind, KvExt, Result};

/// How many digits an in-order key of etcd v2 has.
const IN_ORDER_DIGITS: usize = 20;

impl Tree {
    /// Adds `item` to the end of the list at `path`, and gives the path of the item. Where nothing
    /// is, the list begins. Several callers at once each add theirs.
    ///
    /// ```
    /// # #[cfg(feature = "embedded")]
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> quorate::Result<()> {
    /// # let coordinator = quorate::connect("memory:").await?;
    /// let tree = coordinator.tree();
    /// tree.set("colours", &["red"]).await?;
    /// assert_eq!(tree.append("colours", "green").await?, "colours/2");
    /// assert_eq!(tree.get::<Vec<String>>("colours").await?, ["red", "green"]);
    /// # coordinator.close().await
    /// # }
    /// # #[cfg(not(feature = "embedded"))] fn main() {}
    /// ```
    ///
    /// The item is called by the number after the greatest there is, with 20 digits if one of the
    /// others has them. An item of several keys appears at once if they fit into a transaction;
    /// otherwise its place is taken first, and it is filled then. On a backend without
    /// transactions don't add leaves and directories to one list at the same moment.
    ///
    /// # Errors
    /// `Malformed` if what is there is no list; as [`set`](Self::set); `Conflict` if others took
    /// each place. Repeating it after `Indeterminate` may add the item twice.
    ///
    /// # Cancel safety
    /// What was already sent may still happen.
    pub fn append<T: Serialize + ?Sized>(
        &self,
        path: &str,
        item: &T,
    ) -> impl Future<Output = Result<String>> + Send {
        let node = ser::to_node(item, &self.options);
        async move {
            let place = Place::new(path)?;
            let operation = format!("append to `{}`", place.path());
            let node = node.map_err(|error| error.into_error(operation.as_str(), true))?;
            let node = claimed(node);
            for _ in 0..TRIES {
                let (name, marked) = self.next_item(&place, &operation).await?;
                if self.add(&place, &name, &node, marked, &operation).await? {
                    return Ok(join(place.path(), &name));
                }
            }
            Err(contended(operation))
        }
    }

    /// What the next item is called, and whether a marker says what the directory is.
    async fn next_item(&self, place: &Place, operation: &str) -> Result<(String, bool)> {
        let malformed = |problem: TreeProblem, name: &str| {
            TreeError::from(problem)
                .beneath(name)
                .into_error(operation, false)
        };
        if let Some(key) = &place.key {
            let own = self.coordinator.kv().get(key.as_str()).await?;
            if own.is_some_and(|entry| !entry.value.is_empty()) {
                let expected = "a list".to_owned();
                let found = "a single value";
                return Err(malformed(TreeProblem::WrongType { expected, found }, ""));
            }
        }
        let names = self.stored_children(place).await?;
        let mut padded = self.options.list_names == ListNames::Padded;
        let (mut last, mut marked) = (0, false);
        for name in &names {
            if name == MARKER {
                marked = true;
                continue;
            }
            let number = name.parse::<u64>().ok().filter(|_| is_index(name));
            let number = number.ok_or_else(|| malformed(TreeProblem::NotAnIndex, name))?;
            padded |= name.len() == IN_ORDER_DIGITS;
            last = last.max(number);
        }
        let next = last.checked_add(1);
        let next = next.ok_or_else(|| malformed(TreeProblem::NotAnIndex, &last.to_string()))?;
        Ok((item_name(next, padded), marked))
    }

    /// Whether the place was free and has the item now.
    async fn add(
        &self,
        place: &Place,
        name: &str,
        node: &Node,
        marked: bool,
        operation: &str,
    ) -> Result<bool> {
        let mut puts = BTreeMap::new();
        node.flatten(name, &mut puts);
        if marked {
            let list = Bytes::from_static(Kind::List.text().as_bytes());
            puts.insert(MARKER.to_owned(), list);
        }
        let mark = join(name, MARKER);
        let free = [name, &mark].map(|key| place.full(key).map(Compare::NotExists));
        let free = free.into_iter().collect::<Result<Vec<_>>>()?;
        let mut plan = Plan {
            puts,
            ..Plan::default()
        };
        let todo = operations(place, &plan)?;
        if self.fits(&free, &todo) {
            return Ok(self.commit(free, todo, &plan).await?.is_some());
        }
        if self.atomic && todo.len() > 1 {
            return Err(self.too_much(todo.len(), operation.to_owned()));
        }
        let claim = if node.value.is_some() { name } else { &mark };
        let value = plan.puts.remove(claim).unwrap_or_default();
        let key = place.full(claim)?;
        match self.coordinator.kv().create(key.as_str(), value).await {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(false),
            Err(error) => return Err(error),
        }
        let rest = self.execute(place, &plan, operation.to_owned()).await;
        rest.map(|_| true)
    }
}

/// A directory gets a marker in any case: whoever writes that first has the place.
fn claimed(mut node: Node) -> Node {
    if node.value.is_none() && node.kind.is_none() {
        node.kind = Some(if node.is_list() {
            Kind::List
        } else {
            Kind::Map
        });
    }
    node
}
