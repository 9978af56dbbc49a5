"""What all tests share: the folder of this file on the path, so that tests find the helpers that lie in it."""
