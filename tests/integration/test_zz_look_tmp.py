import os, random, time, statistics
from sqlalchemy import create_engine, text
from intake.queries.same_matter import candidates
from datetime import timedelta
def test_look(wiring, town):
    N=int(os.environ.get('N','100000'))
    owner=create_engine(wiring.settings.owner_database_url, isolation_level='AUTOCOMMIT')
    t=time.time()
    with owner.connect() as c:
        c.execute(text("SET session_replication_role=replica")) if 0 else None
        for i in range(0,N,50000):
            c.execute(text("""INSERT INTO submissions (id, district_id, point_id, area_id, channel, state, state_changed_at, version, receipt_number, receipt_salt,
            text_written, text_masked, replaced_characters, place, contact_hint, urgency, received_at)
            SELECT n, :d, 1, (array[5,6,7])[1+n%3], 'form', 'closed', now(), 1, 'T'||n, '', '', repeat('路灯不亮', 10), 0, '', '', 'normal', now() - (random()*365)*interval '1 day' FROM generate_series(:a, :b) n"""), dict(d=town.district_id,a=i+1,b=min(i+50000,N)))
            c.execute(text("""INSERT INTO submission_grams SELECT n, :d, (array[5,6,7])[1+n%3], s.received_at, g, g FROM
              (SELECT n, array_agg(DISTINCT (exp(random()*random()*ln(200000)*1.0+random()*3))::int) g FROM generate_series(:a, :b) n, generate_series(1,24) GROUP BY n) m JOIN submissions s ON s.id=m.n"""), dict(d=town.district_id,a=i+1,b=min(i+50000,N)))
        c.execute(text("INSERT INTO gram_counts SELECT :d, g, count(*) FROM (SELECT unnest(grams) g FROM submission_grams) x GROUP BY 2"), dict(d=town.district_id))
        c.execute(text("VACUUM ANALYZE"))
        print('built', time.time()-t, c.execute(text("select pg_size_pretty(pg_relation_size('ix_submission_grams_rare'))")).scalar())
    import math
    from workers.suggestion import ROWS_ASKED, GRAMS_ASKED_AT_LEAST
    with wiring.sessions() as s:
        df=dict(s.execute(text("select gram,documents from gram_counts")).all())
        print('grams', len(df), 'top', sorted(df.values())[-5:])
        ids=random.Random(1).sample(range(1,N),300)
        times=[]; nrows=[]; na=[]
        since=wiring.clock.now()+timedelta(days=19)-timedelta(days=90)
        for i in ids:
            g=s.execute(text("select rare from submission_grams where submission_id=:i"),dict(i=i)).scalar_one()
            asked={}; rows=0
            for x in sorted(g,key=lambda x:df.get(x,0)):
                rows+=df[x]
                if rows>ROWS_ASKED and len(asked)>=GRAMS_ASKED_AT_LEAST: break
                asked[x]=math.log((N+1)/df[x])+.1
            t=time.perf_counter(); r=candidates(s,district_id=town.district_id,area_path='/1/2/3/',rare=asked,since=since); times.append(time.perf_counter()-t); nrows.append(len(r)); na.append(len(asked))
        times=sorted(times[20:]); print(f'N={N} median {statistics.median(times)*1000:.2f} ms p95 {times[int(len(times)*.95)]*1000:.2f} ms max {times[-1]*1000:.1f} rows {statistics.mean(nrows):.1f} asked {statistics.mean(na):.1f}')
        return
        print(explain_candidates(s, town, list(asked)))
