"""Files taken apart, changed where their structure says something, and put together again.

Each module has `KINDS`: by name, functions of a whole file and a random generator that return another file, whole or
not. Where the structure that they look for is missing, they return what they were given.
"""
