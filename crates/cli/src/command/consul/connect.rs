//! `quorate consul connect` and `discovery-chain`.

use quorate_consul::CaConfiguration;
use quorate_consul::wire::CaRoot;

use super::{Context, document};
use crate::args::consul::connect::{CaVerb, ConnectPart, DiscoveryChainArgs, RootsArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::rows::{Column, Rows};
use crate::view::said::Said;
use crate::view::watch::StateView;

const ROOTS: &[Column<CaRoot>] = &[
    Column::new("ID", |root| root.id.clone()),
    Column::new("NAME", |root| root.name.clone()),
    Column::new("ACTIVE", |root| root.active.to_string()),
    Column::new("NOT BEFORE", |root| root.not_before.to_string()),
    Column::new("NOT AFTER", |root| root.not_after.to_string()),
];

pub(super) async fn run(context: Context<'_>, part: ConnectPart) -> Result<Exit, Failure> {
    match part {
        ConnectPart::Ca(args) => ca(context, args.verb).await?,
        ConnectPart::Roots(args) => roots(context, &args).await?,
        ConnectPart::Leaf(args) => {
            let leaf = context.client.agent().ca_leaf(&args.service).await?;
            let (cert, key) = (leaf.cert_pem.trim_end(), leaf.private_key_pem.expose());
            let text = format!("{cert}\n{}", key.trim_end());
            context.config.screen.show(&Said::new(&leaf, text))?;
        }
    }
    Ok(Exit::Success)
}

async fn ca(context: Context<'_>, verb: CaVerb) -> Result<(), Failure> {
    let authority = context.client.connect_ca();
    match verb {
        CaVerb::GetConfig(read) => {
            let found = authority.configuration_with(&read.options()).await?;
            context.config.screen.show(&StateView(&found))?;
        }
        CaVerb::SetConfig(args) => {
            let settings: CaConfiguration = document::json(&args.config_file)?;
            let options = args.write.options();
            authority
                .set_configuration_with(&settings, &options)
                .await?;
        }
    }
    Ok(())
}

async fn roots(context: Context<'_>, args: &RootsArgs) -> Result<(), Failure> {
    let (authority, screen) = (context.client.connect_ca(), &context.config.screen);
    let options = args.read.options();
    if args.pem && !screen.is_json() {
        let pem = authority.roots_pem_with(&options).await?;
        screen.show(&Said::new(&pem, pem.trim_end()))?;
        return Ok(());
    }
    let found = authority.roots_with(&options).await?.value;
    if screen.is_json() {
        screen.show(&StateView(&found))?;
    } else {
        screen.show(&Rows::new(found.roots, ROOTS))?;
    }
    Ok(())
}

pub(super) async fn discovery_chain(
    context: Context<'_>,
    args: &DiscoveryChainArgs,
) -> Result<Exit, Failure> {
    let (chains, options) = (context.client.discovery_chain(), args.read.options());
    let chain = match &args.compile_dc {
        Some(dc) => chains.get_from(&args.service, dc, &options).await?,
        None => chains.get_with(&args.service, &options).await?,
    };
    context.config.screen.show(&StateView(&chain.value))?;
    Ok(Exit::Success)
}
