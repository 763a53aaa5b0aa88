"""Redis:

the cache and the truth. Writer (operator), Reader (api), the api's Replica of it, and the Hub that fans it out.
"""
