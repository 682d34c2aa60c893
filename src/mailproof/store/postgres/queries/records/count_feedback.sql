-- count_feedback: add to a provider's minute.
INSERT INTO feedback (provider, minute, webhook, sent, confirmed, events, refused, unverified,
                      lag_ms, last_event_at, last_refused_at)
VALUES (:provider, :minute, :webhook, :sent, :confirmed, :events, :refused, :unverified,
        :lag_ms, :event_at, :refused_at)
ON CONFLICT (provider, minute) DO UPDATE
SET webhook = feedback.webhook OR excluded.webhook,
    sent = feedback.sent + excluded.sent,
    confirmed = feedback.confirmed + excluded.confirmed,
    events = feedback.events + excluded.events,
    refused = feedback.refused + excluded.refused,
    unverified = feedback.unverified + excluded.unverified,
    lag_ms = feedback.lag_ms + excluded.lag_ms,
    last_event_at = coalesce(excluded.last_event_at, feedback.last_event_at),
    last_refused_at = coalesce(excluded.last_refused_at, feedback.last_refused_at);
