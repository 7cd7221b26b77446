-- +goose Up

-- Codes stood here in clear, used ones too. Who still waits for one asks again.
UPDATE credentials SET code = '' WHERE code <> '';
