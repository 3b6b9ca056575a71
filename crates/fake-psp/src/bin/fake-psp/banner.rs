//! What a person needs at once: the address, the keys, the console, and something to try.

use std::fmt;

use fake_psp::Config;

/// Said on stdout after the first line.
pub(crate) struct Banner<'a> {
    pub(crate) url: &'a str,
    pub(crate) config: &'a Config,
}

impl fmt::Display for Banner<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url, config } = self;
        let secret_key = config.secret_keys.first().map_or("", String::as_str);
        let client_key = config.client_key();
        writeln!(f, "This is a fake Toss Payments: no money moves.\n")?;
        writeln!(f, "  API base       {url}   (instead of https://api.tosspayments.com)")?;
        writeln!(f, "  secret key     {secret_key}")?;
        let widget_key = client_key.replacen("_ck_", "_gck_", 1);
        writeln!(f, "  client key     {client_key}   (for the widget: {widget_key})")?;
        if let Some(security_key) = config.security_keys.first() {
            writeln!(f, "  security key   {security_key}")?;
        }
        writeln!(f, "  browser SDK    {url}/v2/standard")?;
        writeln!(f, "  console        {url}/_fake/console")?;
        writeln!(f, "  OpenAPI        {url}/_fake/openapi.json")?;
        for webhook_url in &config.webhook_urls {
            writeln!(f, "  webhooks to    {webhook_url}")?;
        }
        write!(
            f,
            "
Try it: a buyer approves a payment, the merchant confirms it.

  order=order-$(date +%s)
  key=$(curl -s {url}/_fake/payments -d '{{\"order_id\":\"'$order'\",\"amount\":15000}}' |
        sed 's/.*\"payment_key\":\"\\([^\"]*\\)\".*/\\1/')
  curl -s -X POST {url}/_fake/payments/$key/approve
  curl -s -u {secret_key}: {url}/v1/payments/confirm -H 'content-type: application/json' \\
       -d '{{\"paymentKey\":\"'$key'\",\"orderId\":\"'$order'\",\"amount\":15000}}'

"
        )
    }
}
