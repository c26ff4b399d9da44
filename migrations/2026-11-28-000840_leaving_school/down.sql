DROP TABLE destination_sheets;
DROP TABLE leaving_confirmations;
DROP TABLE leaving_periods;
