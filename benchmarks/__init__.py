"""Speed, memory and accuracy; run by hand (make bench, make accuracy), never part of the tests."""
