-- count_released: :count more held mails of lane :id went.
UPDATE lanes SET released = released + :count WHERE id = :id;
