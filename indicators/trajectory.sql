-- titre: Trajectoire de consommation d'ENAF à 2031
-- title: The trajectory of ENAF consumption to 2031
-- définition: la consommation de la décennie de référence (dix années), ce que la réduction
--   laisse pour la décennie de l'objectif, la garantie communale qui s'y ajoute (à un niveau
--   supérieur : celle des communes, mutualisée), et ce qui a été consommé depuis. Est compté
--   (counted) le consommé moins les projets d'envergure nationale, comptés à part, et la
--   renaturation ; les installations photovoltaïques exemptées font une série à elles. La
--   projection prolonge sur dix ans le rythme annuel du compté ; l'année d'épuisement est celle
--   où ce rythme atteint la surface permise. Sans objectif territorialisé, c'est une «
--   application indicative de −50 %, sans valeur réglementaire ».
-- definition: consumption of the decade of reference (ten years), what the reduction leaves for
--   the decade of the objective, the communal guarantee that adds to it (at a higher level:
--   that of the communes, pooled), and what was consumed since. What counts is what was
--   consumed less projects of national scale, counted apart, and renaturation; exempted
--   photovoltaics are a series of their own. The projection carries the yearly pace of what
--   counts over ten years; the year of exhaustion is that in which this pace reaches the
--   allowance. Without an objective of its own, the −50 % is indicative.
-- source: loi n° 2021-1104 du 22 août 2021, articles 191 et 194 ; loi n° 2023-630 du 20 juillet
--   2023 ; Cerema, données de consommation d'espaces
-- subject: ENAF
-- unit: m², m² par an, parts
-- columns: commune, name, reference_m2, reduction, objective_status, document, inherited_from,
--   allowance_m2, guarantee_m2, allowance_with_guarantee_m2, year_first, year_last, years,
--   consumed_m2, national_projects_m2, renaturation_m2, counted_m2, photovoltaic_m2,
--   counted_without_photovoltaic_m2, counted_m2_per_year, projected_m2, room_m2, used_share,
--   projected_share, exhaustion_year, is_within, is_projected_within, vintage
WITH sums AS (
  SELECT
    e.commune, e.name,
    SUM(CASE WHEN e.year >= p.reference_first AND e.year <= p.reference_last
             THEN e.area_half_cm2 ELSE 0 END) AS reference,
    SUM(CASE WHEN e.year >= p.objective_first AND e.year <= p.objective_last
             THEN e.area_half_cm2 ELSE 0 END) AS consumed
  FROM enaf AS e
  CROSS JOIN parameters AS p
  GROUP BY e.commune, e.name
),
apart AS (
  SELECT
    a.commune,
    SUM(CASE WHEN a.kind = 'projet-national' THEN a.area_half_cm2 ELSE 0 END) AS national_projects,
    SUM(CASE WHEN a.kind = 'renaturation' THEN a.area_half_cm2 ELSE 0 END) AS renaturation,
    SUM(CASE WHEN a.kind = 'photovoltaique' THEN a.area_half_cm2 ELSE 0 END) AS photovoltaic
  FROM enaf_apart AS a
  CROSS JOIN parameters AS p
  CROSS JOIN enaf_table AS t
  WHERE a.year >= p.objective_first AND a.year <= p.objective_last AND a.year <= t.year_last
  GROUP BY a.commune
),
allowed AS (
  SELECT
    s.commune, s.name, s.reference, s.consumed, t.vintage,
    COALESCE(o.reduction, CASE WHEN o.allowance IS NULL THEN p.national_reduction END) AS reduction,
    o.document, o.inherited_from,
    CASE WHEN o.document IS NULL
      THEN 'application indicative de −50 %, sans valeur réglementaire'
      ELSE 'objectif territorialisé' END AS objective_status,
    COALESCE(
      o.allowance,
      CAST(ROUND(s.reference * (1 - COALESCE(o.reduction, p.national_reduction))) AS BIGINT)
    ) AS allowance,
    g.guarantee_half_cm2 AS guarantee,
    CAST(p.objective_first AS BIGINT) AS year_first,
    LEAST(t.year_last, CAST(p.objective_last AS BIGINT)) AS year_last,
    CAST(p.objective_last - p.objective_first + 1 AS DOUBLE) AS decade,
    COALESCE(a.national_projects, 0) AS national_projects,
    COALESCE(a.renaturation, 0) AS renaturation,
    COALESCE(a.photovoltaic, 0) AS photovoltaic
  FROM sums AS s
  CROSS JOIN parameters AS p
  CROSS JOIN enaf_table AS t
  CROSS JOIN scope AS v
  JOIN objectives AS o ON o.level = v.level AND o.territory = s.commune
  JOIN guarantee AS g ON g.commune = s.commune
  LEFT JOIN apart AS a ON a.commune = s.commune
  WHERE t.year_first <= p.reference_first AND t.year_last >= p.objective_first
),
counted AS (
  SELECT
    *, allowance + guarantee AS allowed,
    year_last + 1 - year_first AS years,
    consumed - national_projects - renaturation AS counted
  FROM allowed
),
paced AS (
  SELECT *, CAST(counted AS DOUBLE) / years AS pace FROM counted
)
SELECT
  commune, name,
  reference AS reference_half_cm2,
  reduction, objective_status, document, inherited_from,
  allowance AS allowance_half_cm2,
  guarantee AS guarantee_half_cm2,
  allowed AS allowance_with_guarantee_half_cm2,
  year_first, year_last, years,
  consumed AS consumed_half_cm2,
  national_projects AS national_projects_half_cm2,
  renaturation AS renaturation_half_cm2,
  counted AS counted_half_cm2,
  photovoltaic AS photovoltaic_half_cm2,
  counted - photovoltaic AS counted_without_photovoltaic_half_cm2,
  pace / 20000.0 AS counted_m2_per_year,
  CAST(ROUND(pace * decade) AS BIGINT) AS projected_half_cm2,
  allowed - counted AS room_half_cm2,
  CASE WHEN allowed > 0 THEN CAST(counted AS DOUBLE) / allowed END AS used_share,
  CASE WHEN allowed > 0 THEN pace * decade / allowed END AS projected_share,
  CASE WHEN pace > 0 AND allowed / NULLIF(pace, 0) < 1000
    THEN CAST(FLOOR(year_first + LEAST(allowed / NULLIF(pace, 0), 1000)) AS BIGINT) END
    AS exhaustion_year,
  counted <= allowed AS is_within,
  pace * decade <= allowed AS is_projected_within,
  vintage
FROM paced
ORDER BY commune
