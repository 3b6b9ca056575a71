//! A marketplace that talks to `/v2` in ENCRYPTION mode: JWE by hand, independently of the fake's.

use aes_gcm::{
    Aes256Gcm, KeyInit,
    aead::{Aead, Payload},
};
use axum::body::Body;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL};
use fake_psp::Config;
use serde_json::{Value, json};

use crate::{
    openapi,
    shop::{Reply, Shop},
};

/// The security key of a fake that is set up by default.
pub(crate) fn default_key() -> String {
    "fa4e".repeat(16)
}

fn cipher(key: &str) -> Aes256Gcm {
    let bytes: [u8; 32] = hex::decode(key).unwrap().try_into().unwrap();
    Aes256Gcm::new(&bytes.into())
}

/// Protected header and plain text, as compact JWE.
pub(crate) fn seal(key: &str, head: &Value, plain: &[u8]) -> String {
    let protected = BASE64URL.encode(head.to_string());
    let iv = [9; 12];
    let payload = Payload { msg: plain, aad: protected.as_bytes() };
    let sealed = cipher(key).encrypt(&iv.into(), payload).unwrap();
    let (text, tag) = sealed.split_at(sealed.len() - 16);
    let encode = |part: &[u8]| BASE64URL.encode(part);
    format!("{protected}..{}.{}.{}", encode(&iv), encode(text), encode(tag))
}

/// Protected header and JSON of a compact JWE.
pub(crate) fn open(key: &str, message: &str) -> (Value, Value) {
    let parts: Vec<&str> = message.split('.').collect();
    assert_eq!((parts.len(), parts[1]), (5, ""), "{message}");
    let decode = |n: usize| BASE64URL.decode(parts[n]).unwrap();
    let iv: [u8; 12] = decode(2).try_into().unwrap();
    let sealed = [decode(3), decode(4)].concat();
    let payload = Payload { msg: &sealed, aad: parts[0].as_bytes() };
    let plain = cipher(key).decrypt(&iv.into(), payload).unwrap();
    let json = |bytes: &[u8]| serde_json::from_slice(bytes).unwrap();
    (json(&decode(0)), json(&plain))
}

/// What a client puts into the protected header.
pub(crate) fn head(nonce: &str) -> Value {
    json!({"alg": "dir", "enc": "A256GCM", "iat": "2026-01-02T10:30:00+09:00", "nonce": nonce})
}

/// A fake whose sellers are verified by the test only.
pub(crate) fn market() -> Shop {
    Shop::with(Config { seller_verified_after_minutes: None, ..Config::default() })
}

impl Shop {
    /// Sends a body as it is, in ENCRYPTION mode.
    pub(crate) async fn post_raw(&self, path: &str, key: Option<&str>, body: String) -> Reply {
        let mut request = Self::request("POST", path)
            .header("content-type", "text/plain")
            .header("TossPayments-api-security-mode", "ENCRYPTION");
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    /// Posts encrypted and decrypts the answer, with the default key.
    pub(crate) async fn post_sealed(&self, path: &str, body: &Value) -> (u16, Value) {
        let message = seal(&default_key(), &head("nonce"), body.to_string().as_bytes());
        let reply = self.post_raw(path, None, message).await;
        assert_eq!(reply.headers["content-type"], "text/plain;charset=UTF-8");
        let (_, json) = open(&default_key(), &reply.text());
        openapi::check("POST", path, reply.status, json.to_string().as_bytes());
        (reply.status, json)
    }

    /// Registers a seller and takes it to its status: its id.
    pub(crate) async fn seller(&self, name: &str, steps: &[fake_psp::SellerStatus]) -> String {
        let (status, json) = self.post_sealed("/v2/sellers", &person(name)).await;
        assert_eq!(status, 200, "{json}");
        let id = json["entityBody"]["id"].as_str().unwrap().to_owned();
        for step in steps {
            self.psp.set_seller_status(&id, *step).unwrap();
        }
        id
    }

    /// Asks for payouts: `Ok` with their ids, or the code of the refusal.
    pub(crate) async fn pay_out(&self, items: &[Value]) -> Result<Vec<String>, String> {
        let (_, json) = self.post_sealed("/v2/payouts", &json!(items)).await;
        if let Some(code) = json["error"]["code"].as_str() {
            return Err(code.to_owned());
        }
        let items = json["entityBody"]["items"].as_array().unwrap();
        Ok(items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect())
    }
}

/// The body that registers a person.
pub(crate) fn person(name: &str) -> Value {
    json!({
        "refSellerId": name, "businessType": "INDIVIDUAL",
        "individual": {"name": "김토페", "email": "seller@shop.test", "phone": "01012341234"},
        "account": {"bankCode": "092", "accountNumber": "1000123456789", "holderName": "김토페"},
        "metadata": {"grade": "gold"},
    })
}

/// The body that registers a company.
pub(crate) fn company(name: &str) -> Value {
    json!({
        "refSellerId": name, "businessType": "CORPORATE",
        "company": {
            "name": "토페상사", "representativeName": "김토페",
            "businessRegistrationNumber": "123-45-67890", "email": "company@shop.test",
            "phone": "021231234",
        },
        "individual": null,
        "account": {"bankCode": "088", "accountNumber": "110-123-456789", "holderName": "토페상사"},
    })
}

/// One payout at once.
pub(crate) fn express(name: &str, seller: &str, won: i64) -> Value {
    json!({
        "refPayoutId": name, "destination": seller, "scheduleType": "EXPRESS",
        "amount": {"currency": "KRW", "value": won}, "transactionDescription": "정산금",
        "metadata": {"week": "1"},
    })
}

/// One payout on a day.
pub(crate) fn scheduled(name: &str, seller: &str, won: i64, day: &str) -> Value {
    let mut item = express(name, seller, won);
    item["scheduleType"] = "SCHEDULED".into();
    item["payoutDate"] = day.into();
    item
}
