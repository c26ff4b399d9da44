DROP TABLE request_throttles;
DROP TABLE passcodes;
