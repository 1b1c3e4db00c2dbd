//! A site around the endpoint, for `try.mjs`: its login lets everybody in.

mod login;
mod weft_token;

use axum::Router;
use axum::routing::post;
use std::env::var;
use std::error::Error;
use std::sync::Arc;
use tokio::net::TcpListener;
use weft_token::Weft;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let weft = Arc::new(Weft::new(var("WEFT_URL")?, var("WEFT_SECRET_KEY")?)?);
    let app = Router::new()
        .route("/weft/token", post(weft_token::weft_token))
        .route("/try/login", post(login::log_in))
        .with_state(weft);
    let listener = TcpListener::bind(format!("127.0.0.1:{}", var("PORT")?)).await?;
    axum::serve(listener, app).await?;
    Ok(())
}
